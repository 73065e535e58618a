/**
 * How much memory and CPU a long recording takes: `soak.ts URL [DURATION] [INTERVAL]`, by default 1h at 100ms. Runs
 * `rezolus record` and prints a line every 30 s; at the end the RSS after the first two minutes and at the end, the CPU
 * time as a part of a core, and what the recorder says.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openRecording } from '../../src/reader/open.ts';
import { scratch } from '../oracle.ts';

const [url = 'http://127.0.0.1:4241', duration = '1h', interval = '100ms'] = process.argv.slice(2);
const bin = fileURLToPath(new URL('../../../cli/bin/run.ts', import.meta.url));
const warmUpMs = 120_000;
const ticksPerSecond = 100;

using folder = scratch();
const output = folder.path('soak.parquet');
const args = ['record', '--url', url, '-o', output, '-i', interval, '-d', duration];
const child = spawn(process.execPath, ['--max-semi-space-size=2', bin, ...args], { stdio: 'inherit' });
const began = performance.now();
const samples: { ms: number; rssKib: number; cpuMs: number }[] = [];
const sample = () => {
  const ms = performance.now() - began;
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const rssKib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  const cpuMs = ((Number(stat[11]) + Number(stat[12])) * 1000) / ticksPerSecond;
  samples.push({ ms, rssKib, cpuMs });
  const last = samples.at(-2) ?? { ms: 0, cpuMs: 0 };
  const cpu = (100 * (cpuMs - last.cpuMs)) / (ms - last.ms);
  console.log(`${Math.round(ms / 1000)} s  RSS ${(rssKib / 1024).toFixed(1)} MiB  CPU ${cpu.toFixed(1)} %`);
};
const timer = setInterval(sample, 30_000);
await once(child, 'exit');
clearInterval(timer);
const warm = samples.filter(({ ms }) => ms >= warmUpMs);
const [first, last] = [warm[0], warm.at(-1)];
if (first !== undefined && last !== undefined) {
  const growth = (last.rssKib - first.rssKib) / 1024;
  const cpu = (100 * (last.cpuMs - first.cpuMs)) / (last.ms - first.ms);
  console.log(`RSS grew by ${growth.toFixed(1)} MiB, CPU ${cpu.toFixed(1)} % of a core`);
}
await using recording = await openRecording(output);
const { rows, columns } = recording;
console.log(
  `${rows} rows, ${columns.length} columns, ${(statSync(output).size / rows).toFixed(0)} bytes a row`,
);
