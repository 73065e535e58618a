/**
 * The main job from end to end: starts the agent, records this machine for 30 s while a small load runs, writes
 * Parquet and opens the viewer on it. Usage: npm run demo [-- --seconds N] [-- --once]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    /** Stop after the viewer has printed its URL; for tests. */
    once: { type: 'boolean', default: false },
  },
});
const output = 'demo-output/rezolus.parquet';
const children: ChildProcess[] = [];

function rezolus(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['packages/cli/bin/run.ts', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function ready(url: string, agent: ChildProcess): Promise<void> {
  while (agent.exitCode === null) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the agent did not start; see its message above');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

mkdirSync('demo-output', { recursive: true });
const port = await freePort();
writeFileSync('demo-output/agent.toml', `[general]\nlisten = "127.0.0.1:${port}"\n[log]\nlevel = "warn"\n`);
const url = `http://127.0.0.1:${port}`;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}

console.log('1/3  starting the agent');
const agent = rezolus('agent', 'demo-output/agent.toml');
try {
  await ready(`${url}/status`, agent);
  const [status] = await Promise.all([once(rezolus('status', url).stdout!.setEncoding('utf8'), 'data')]);
  console.log(String(status[0]).trimEnd().replace(/^/gm, '     '));
  console.log(`2/3  recording ${values.seconds} s into ${output} while a small load runs`);
  const load = spawn(process.execPath, ['scripts/load.ts', values.seconds], { stdio: 'inherit' });
  children.push(load);
  const recorder = spawn(
    process.execPath,
    [
      'packages/cli/bin/run.ts',
      'record',
      '--interval',
      '1s',
      '--duration',
      `${values.seconds}s`,
      '--url',
      url,
      '-o',
      output,
    ],
    { stdio: 'inherit' },
  );
  children.push(recorder);
  const [code] = await once(recorder, 'exit');
  if (code !== 0) throw new Error('the recording failed; see the message above');
  await stop(load);
  await stop(agent);
  console.log('3/3  starting the viewer (Ctrl-C ends it)');
  const viewer = rezolus('view', output);
  viewer.stdout!.pipe(process.stdout);
  if (values.once) await once(viewer.stdout!, 'data');
  else await once(viewer, 'exit');
} finally {
  for (const child of children) await stop(child);
}
