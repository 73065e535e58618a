import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { TemporaryFolder } from '../../../tests/support/rezolus.ts';
import { listenForPushes } from './push.ts';

const document = readFileSync(new URL('../../../docs/external-metrics.md', import.meta.url), 'utf8');
const run = promisify(execFile);

/** What `nc -N -U PATH` does, for machines without it. */
const netcat = `#!/usr/bin/env python3
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[-1])
    s.sendall(sys.stdin.buffer.read())
`;

/** pushedBy: what an example of the document pushes. */
async function pushedBy(language: string, program: string, option: string): Promise<string[]> {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/external.sock`;
  await using server = await listenForPushes(path);
  const [, example] = new RegExp(`\`\`\`${language}\n(.+?)\`\`\``, 's').exec(document)!;
  if (spawnSync('sh', ['-c', 'command -v nc']).status !== 0)
    await run('chmod', ['+x', folder.file('nc', netcat)]);
  const env = { ...process.env, PATH: `${process.env.PATH}:${folder.path}` };
  await run(program, [option, example!.replaceAll('/var/run/rezolus/external.sock', path)], { env });
  return await server.series();
}

describe('docs/external-metrics.md', () => {
  it('has an example for shells that works', async () => {
    expect(await pushedBy('sh', 'sh', '-c')).toEqual([
      'backup_bytes {"app":"backup","disk":"a","host":"db-1"} 1048576',
      'backup_queue_length {"app":"backup","host":"db-1"} -5',
    ]);
  });

  it('has an example for Python that works', async () => {
    expect(await pushedBy('python', 'python3', '-c')).toEqual([
      'jobs_done {"queue":"mail"} 42',
      'job_duration {"unit":"milliseconds","grouping_power":"0","max_value_power":"3"} 0,7,2,1',
    ]);
  });
});
