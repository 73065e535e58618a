import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BpfLoader, BpfObject, ProgramInfo } from '@rezolus/core';
import { createBpfLoader, enableStats } from '@rezolus/libbpf';
import { Harness } from './harness.ts';

/** ProgramCost: what a program took while it was measured. */
export interface ProgramCost {
  readonly name: string;
  readonly runs: number;
  /** Mean of a run; what the kernel takes to call it and to measure is not in it. */
  readonly nsPerRun: number;
}

/**
 * measureCosts: runs the samplers of the built package in `folder` as an agent does, with some of everything going on
 * (processes, files, connections), and says what the kernel measured of each program that ran. Throws
 * REZ_ERR_PLUGIN_LOAD, REZ_ERR_BPF_PERMISSION.
 */
export async function measureCosts(folder: string): Promise<ProgramCost[]> {
  const objects: BpfObject[] = [];
  await using _harness = await Harness.startPlugin(folder, { bpf: remembering(createBpfLoader(), objects) });
  const infos = () => objects.flatMap((object) => object.programInfo());
  const before = new Map(infos().map((info) => [info.name, info]));
  {
    using _statistics = enableStats();
    await someOfEverything();
  }
  return infos().flatMap((info) => costOf(info, before.get(info.name)));
}

function costOf({ name, runCount, runTimeNs }: ProgramInfo, before: ProgramInfo | undefined): ProgramCost[] {
  const runs = Number(runCount - (before?.runCount ?? 0n));
  const ns = Number(runTimeNs - (before?.runTimeNs ?? 0n));
  return runs === 0 ? [] : [{ name, runs, nsPerRun: ns / runs }];
}

/** A loader that keeps what it opens in `objects`. */
function remembering(loader: BpfLoader, objects: BpfObject[]): BpfLoader {
  return {
    kernelBtf: loader.kernelBtf,
    enableStats: () => loader.enableStats(),
    open(spec) {
      const object = loader.open(spec);
      objects.push(object);
      return object;
    },
  };
}

/** A second of a machine in small: what most hooks see something of. */
async function someOfEverything(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-cost-'));
  const server = createServer((socket) => socket.end('x'.repeat(4096))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (let i = 0; i < 50; i++) {
    execFileSync('true');
    const file = join(folder, String(i));
    writeFileSync(file, Buffer.alloc(64 * 1024, i), { flush: true });
    readFileSync(file);
    const socket = connect(port, '127.0.0.1');
    socket.resume();
    await once(socket, 'close');
  }
  server.close();
  await once(server, 'close');
  rmSync(folder, { recursive: true });
}
