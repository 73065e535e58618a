import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { libbpfVersion, linkObject } from '../src/index.ts';

const object = fileURLToPath(new URL('./fixtures/bpf/sample.bpf.o', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rezolus-linker-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** bpftool brings a libbpf of its own; another version may lay sections out otherwise. */
const version = spawnSync('bpftool', ['version'], { encoding: 'utf8' });
const isSameLibbpf = version.status === 0 && version.stdout.includes(`using libbpf ${libbpfVersion()}\n`);

describe('linkObject', () => {
  it.skipIf(!isSameLibbpf)('writes what bpftool gen object writes', () => {
    const [ours, theirs] = [join(folder, 'ours.o'), join(folder, 'theirs.o')];
    linkObject(ours, object);
    execFileSync('bpftool', ['gen', 'object', theirs, object]);
    expect(readFileSync(ours).equals(readFileSync(theirs))).toBe(true);
  });

  it.each([
    ['text', Buffer.from('int main;')],
    ['nothing', Buffer.alloc(0)],
    ['half an object', readFileSync(object).subarray(0, 3000)],
  ])('refuses %s', (name, bytes) => {
    const input = join(folder, name);
    writeFileSync(input, bytes);
    const refused = expect.objectContaining({ code: 'REZ_ERR_BPF_OBJECT' });
    expect(() => linkObject(join(folder, 'none.o'), input)).toThrow(refused);
  });
});
