import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from '../support/rezolus.ts';

const rows = readFileSync(`${root}docs/faults.md`, 'utf8')
  .split('\n')
  .filter((line) => /^\| [ARVP]\d+ \|/.test(line))
  .map((line) => {
    const [id = '', , behaviour = '', tests = ''] = line
      .split(' | ')
      .map((cell) => cell.replace(/^\| | \|$/g, ''));
    const named = [...tests.matchAll(/`([^`]+)` \*([^*]+)\*/g)];
    return { id, behaviour, tests: named.map(([, path, name]) => ({ path: path!, name: name! })) };
  });

describe('docs/faults.md', () => {
  it('has every fault of the list', () => {
    const ids = { A: 19, R: 15, V: 10, P: 13 };
    const wanted = Object.entries(ids).flatMap(([kind, count]) =>
      Array.from({ length: count }, (_, index) => `${kind}${index + 1}`),
    );
    expect(rows.map(({ id }) => id)).toEqual(wanted);
  });

  it('names tests that there are', () => {
    const missing = rows.flatMap(({ id, tests }) =>
      tests
        .filter(
          ({ path, name }) => !existsSync(root + path) || !readFileSync(root + path, 'utf8').includes(name),
        )
        .map(({ path, name }) => `${id}: ${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('has a test for each', () => {
    expect(rows.filter(({ tests }) => tests.length === 0).map(({ id }) => id)).toEqual([]);
  });
});

it('no BPF program sends events', () => {
  const sources = execFileSync('git', ['ls-files', 'bpf', 'packages/plugin-*'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => /\.[ch]$/.test(path));
  expect(sources.length).toBeGreaterThan(10);
  const senders = sources.filter((path) =>
    /bpf_ringbuf_(reserve|output)|bpf_perf_event_output/.test(readFileSync(root + path, 'utf8')),
  );
  expect(senders).toEqual([]);
});
