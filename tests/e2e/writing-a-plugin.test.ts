import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, globSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PackageRegistry } from '../support/registry.ts';
import { freePort, root } from '../support/rezolus.ts';

const guide = readFileSync(join(root, 'docs/writing-a-plugin.md'), 'utf8');
const blocks = (language: string) =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    (match) => match[1]!,
  );

/** Ends what a shell that failed has left running. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

it('docs/writing-a-plugin.md shows code that is in the template', () => {
  const files = globSync('packages/create-sampler/templates/bpf/**/*.{c,ts}', { cwd: root });
  const code = files.map((file) => readFileSync(join(root, file), 'utf8'));
  for (const block of [...blocks('c'), ...blocks('ts')])
    expect(
      code.some((one) => one.includes(block)),
      block,
    ).toBe(true);
});

it('every command of docs/writing-a-plugin.md works, one after the other', async () => {
  await using registry = await PackageRegistry.start();
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-guide-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  // The process of a plugin is nobody, and must be able to read it.
  chmodSync(folder, 0o755);
  const commands = blocks('sh')
    .join('')
    .replaceAll('4241', String(await freePort()));
  // Into files, which end with the shell; a pipe is held open by whatever it leaves running.
  const [outPath, errPath] = [join(folder, 'stdout'), join(folder, 'stderr')];
  const shell = spawn('bash', ['-eux', '-o', 'pipefail', '-c', commands], {
    cwd: folder,
    env: { ...registry.env, REZOLUS_DATA_DIR: data },
    stdio: ['ignore', openSync(outPath, 'w'), openSync(errPath, 'w')],
    detached: true,
  });
  try {
    await once(shell, 'exit');
    const [out, err] = [readFileSync(outPath, 'utf8'), readFileSync(errPath, 'utf8')];
    expect(shell.exitCode, `${out}\n${err}`).toBe(0);
    // Once by the scaffold, once by hand.
    expect(out.match(/ℹ fail 0/g)).toHaveLength(2);
    expect(out).toMatch(
      /sched_process_exec_btf: \d+ verified, \d+ ns per run|sched_process_exec_raw: \d+ verified/,
    );
    expect(out).toMatch(/^my_sampler +healthy +(tp_btf|raw_tp)\/sched_process_exec/m);
    expect(out).toMatch(/metric=my_sampler_started .*sampler=my_sampler/);
    expect(out).toMatch(/metric=my_sampler_lifetime /);
    // What is published: the object, the compiled code and the section, and no sources.
    expect(err).toMatch(/bpf\/my_sampler\.bpf\.o/);
    expect(err).toMatch(/dist\/register\.js/);
    expect(err).toMatch(/dashboards\/my-sampler\.json/);
    expect(err).not.toMatch(/npm notice .* (src|test)\//);
  } finally {
    endGroup(shell.pid!);
    rmSync(folder, { recursive: true, force: true });
  }
}, 400_000);
