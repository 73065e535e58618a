import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { freePort, root, TemporaryFolder } from '../tests/support/rezolus.ts';
import { median, quantile, type Table } from './table.ts';

const hertz = 100;

/** Usage: CPU time in ms and memory in KB of a process. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssKb: number;
  readonly privateKb: number;
}

/** usageOf: CPU time (user and system) and memory of a process, by /proc. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kb = (key: string) => Number(new RegExp(`^${key}: +(\\d+)`, 'm').exec(rollup)![1]);
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / hertz,
    rssKb: kb('Rss'),
    privateKb: kb('Private_Dirty') + kb('Private_Clean'),
  };
}

const keepAlive = new Agent({ keepAlive: true, maxSockets: 1 });

/** One scrape: ms until the last byte, and how many there were. */
function scrapeOnce(port: number): Promise<{ ms: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    get({ port, host: '127.0.0.1', path: '/metrics/binary', agent: keepAlive }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve({ ms: performance.now() - began, bytes }));
    }).on('error', reject);
  });
}

/** scrape: what an agent costs at 1, 10 and 100 scrapes per second: time, size, CPU, memory, start. */
export async function scrape(quick: boolean): Promise<Table[]> {
  using folder = new TemporaryFolder();
  const port = await freePort();
  const config = folder.file(
    'agent.toml',
    `[general]\nlisten = "127.0.0.1:${port}"\nttl = "1ms"\n[log]\nlevel = "warn"\n`,
  );
  const began = performance.now();
  const agent = spawn(process.execPath, [`${root}packages/cli/bin/run.ts`, 'agent', config], {
    stdio: 'inherit',
  });
  try {
    for (;;) {
      const ready = await scrapeOnce(port).catch(() => null);
      if (ready !== null) break;
      if (agent.exitCode !== null) throw new Error('the agent ended');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const firstMs = performance.now() - began;
    const rows: string[][] = [];
    for (const rate of [1, 10, 100]) {
      const seconds = quick ? 5 : 30;
      process.stderr.write(`\r\x1b[2Kscraping ${rate} times a second for ${seconds} s`);
      const times: number[] = [];
      let bytes = 0;
      const before = usageOf(agent.pid!);
      const start = performance.now();
      for (let tick = 1; tick <= rate * seconds; tick++) {
        const wait = start + (tick * 1000) / rate - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        const result = await scrapeOnce(port);
        times.push(result.ms);
        bytes = result.bytes;
      }
      const after = usageOf(agent.pid!);
      const elapsed = performance.now() - start;
      rows.push([
        `${rate} Hz`,
        `${(((after.cpuMs - before.cpuMs) / elapsed) * 100).toFixed(2)} %`,
        `${median(times).toFixed(2)} ms`,
        `${quantile(times, 0.99).toFixed(2)} ms`,
        `${(bytes / 1000).toFixed(1)} KB`,
        `${(after.rssKb / 1000).toFixed(0)} MB`,
        `${(after.privateKb / 1000).toFixed(0)} MB`,
      ]);
    }
    process.stderr.write('\r\x1b[2K');
    return [
      {
        title: 'Agent under scrapes',
        note: `From start to the first snapshot: ${firstMs.toFixed(0)} ms. CPU is of one core; times are of a whole HTTP request.`,
        columns: ['rate', 'agent CPU', 'p50', 'p99', 'snapshot', 'RSS', 'private'],
        rows,
      },
    ];
  } finally {
    agent.kill('SIGTERM');
    await once(agent, 'exit');
    keepAlive.destroy();
  }
}
