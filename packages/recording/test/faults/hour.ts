/**
 * A long recording of the real agent: `hour.ts FOLDER [DURATION] [INTERVAL]`, as root, by default 1h at 100ms. Prints a line
 * every 10 s, and at the end how memory went after the warm-up, CPU time as a part of a core, and what pyarrow and our
 * reader find in FOLDER/hour.parquet. With REZOLUS_HOST_ONLY=1 the groups with series of cgroups and tasks stay out: on a
 * machine where others make them by the thousand, they would be what is measured.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encodeV3, SnapshotDecoder } from '@rezolus/exposition';
import { openRecording } from '../../src/reader/open.ts';
import { hasPython, python } from '../oracle.ts';

const [folder, duration = '1h', interval = '100ms'] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: hour.ts FOLDER [DURATION] [INTERVAL]');
const warmUpMs = 300_000; // the first row group is full after three minutes
const tickMs = 10; // USER_HZ is 100
const bin = fileURLToPath(new URL('../../../cli/bin/run.ts', import.meta.url));
const eventLoop = new URL('./event-loop.ts', import.meta.url).href;
const output = join(folder, 'hour.parquet');

/** Use: what a process has used until a moment; waited is for a CPU, of all threads. */
interface Use {
  readonly atMs: number;
  readonly rssKib: number;
  readonly cpuMs: number;
  readonly waitedMs: number;
}

function useOf({ pid }: ChildProcess): Use {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const threads = readdirSync(`/proc/${pid}/task`);
  const waits = threads.map((id) => readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[1]);
  return {
    atMs: performance.now(),
    rssKib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]),
    cpuMs: (Number(stat[11]) + Number(stat[12])) * tickMs,
    waitedMs: waits.reduce((sum, ns) => sum + Number(ns) / 1e6, 0),
  };
}

const stolenMs = () =>
  Number(/^cpu .*/m.exec(readFileSync('/proc/stat', 'utf8'))?.[0].split(/ +/)[8]) * tickMs;
const mib = (kib: number) => `${(kib / 1024).toFixed(1)} MiB`;
const percent = (from: Use, to: Use) =>
  `${((100 * (to.cpuMs - from.cpuMs)) / (to.atMs - from.atMs)).toFixed(1)} %`;
const between = (from: Use, to: Use) =>
  `${mib(to.rssKib)} ${percent(from, to)} waited ${(to.waitedMs - from.waitedMs).toFixed(0)} ms`;
/** The most cgroups that a hierarchy has: every one of them has series in a snapshot of the agent. */
const cgroups = () =>
  Math.max(
    ...[...readFileSync('/proc/cgroups', 'utf8').matchAll(/\t(\d+)\t\d$/gm)].map(([, n]) => Number(n)),
  );
// Before whatever else the machine does; children inherit it.
execFileSync('chrt', ['--rr', '--pid', '1', String(process.pid)]);
const run = (args: string[], stdio: 'inherit' | 'pipe'): ChildProcess =>
  spawn(process.execPath, args, { stdio: ['ignore', 'inherit', stdio] });

const probe = createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const address = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
await new Promise((resolve) => probe.close(resolve));
const config = join(folder, 'agent.toml');
writeFileSync(config, `[general]\nlisten = "${address}"\n`);

const agent = run([bin, 'agent', config], 'inherit');
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
process.on('exit', () => agent.kill());
while (!(await fetch(`http://${address}/`).catch(() => null))?.ok) await wait(100);
const url = process.env.REZOLUS_HOST_ONLY === '1' ? await hostOnly(`http://${address}`) : `http://${address}`;
const args = ['record', '--url', url, '-o', output, '-i', interval, '-d', duration];
const recorder = run(['--import', eventLoop, bin, ...args], 'pipe');
process.on('exit', () => recorder.kill());
let [longestDelayMs, mostCgroups, missed] = [0, 0, 0];
createInterface({ input: recorder.stderr! }).on('line', (line) => {
  const late = /missed: (\d+)/.exec(line)?.[1];
  const delay = /^event loop: (.*)/.exec(line)?.[1];
  if (late !== undefined) missed += Number(late);
  else if (delay !== undefined) longestDelayMs = Math.max(longestDelayMs, Number(delay));
  else console.log(line);
});
const cgroupTimer = setInterval(() => {
  mostCgroups = Math.max(mostCgroups, cgroups());
}, 1000);

const samples: { recorder: Use; agent: Use }[] = [];
let stolenBeforeMs = stolenMs();
const sample = () => {
  const now = { recorder: useOf(recorder), agent: useOf(agent) };
  const before = samples.at(-1);
  samples.push(now);
  if (before === undefined) return;
  const stolen = stolenMs();
  console.log(
    `${new Date().toISOString().slice(11, 19)} load ${loadavg()[0]!.toFixed(1)} stolen ${stolen - stolenBeforeMs} ms cgroups ${mostCgroups} missed ${missed} | ` +
      `recorder ${between(before.recorder, now.recorder)} loop ${longestDelayMs} ms | agent ${between(before.agent, now.agent)}`,
  );
  stolenBeforeMs = stolen;
  [longestDelayMs, mostCgroups, missed] = [0, 0, 0];
};
sample();
const timer = setInterval(sample, 10_000);
const [code] = await once(recorder, 'exit');
clearInterval(timer);
clearInterval(cgroupTimer);
agent.kill();

const startedMs = samples[0]!.recorder.atMs;
const warm = samples.filter(({ recorder }) => recorder.atMs - startedMs >= warmUpMs);
for (const name of ['recorder', 'agent'] as const) {
  const uses = warm.map((each) => each[name]);
  const [first, last] = [uses[0], uses.at(-1)];
  if (first === undefined || last === undefined) continue;
  const rss = uses.map(({ rssKib }) => rssKib);
  const range = `${mib(Math.min(...rss))} to ${mib(Math.max(...rss))}, ${mib(first.rssKib)} at first, ${mib(last.rssKib)} at last`;
  console.log(`${name}: RSS ${range}; CPU ${percent(first, last)} of a core`);
}
console.log(`the recorder ended with ${code}`);
await using recording = await openRecording(output);
const times = await recording.readTimestamps();
const gaps = Array.from(times).map((time, i) => (i === 0 ? 0 : Number(time - times[i - 1]!) / 1e6));
console.log(
  `${recording.rows} rows, ${recording.columns.length} columns, ${statSync(output).size} bytes; ` +
    `longest time between two rows ${Math.max(...gaps).toFixed(1)} ms`,
);
const count =
  'import sys, pyarrow.parquet as p; print(sum(b.num_rows for b in p.ParquetFile(sys.argv[1]).iter_batches(columns=["timestamp"])))';
if (hasPython) console.log(`pyarrow: ${python<number>(count, output)} rows`);
process.exit();

/** hostOnly: the address of a proxy to an agent that leaves out groups with series of cgroups and tasks. */
async function hostOnly(agentUrl: string): Promise<string> {
  const decoder = new SnapshotDecoder();
  const server = createServer(async (request, response) => {
    const answer = await fetch(new URL(request.url!, agentUrl)).catch(() => null);
    if (answer === null) return void response.destroy();
    const body = new Uint8Array(await answer.arrayBuffer());
    if (request.url !== '/metrics/binary') return void response.writeHead(answer.status).end(body);
    const snapshot = decoder.decode(body);
    const groups = snapshot.groups.filter(({ schema }) => {
      const series = schema === null ? [] : [...schema.counters, ...schema.gauges, ...schema.histograms];
      return !series.some(({ labels }) => /^(cgroup|task)_/.test(labels.metric ?? ''));
    });
    response.end(encodeV3({ ...snapshot, groups }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
