import type { BpfLoader, BpfObject } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import { createBpfLoader } from '@rezolus/libbpf';
import { builtInDefinitions } from '../tests/support/samplers.ts';
import { empty } from './src/gen/empty.bpf.ts';
import { formatNs, median, type Table } from './table.ts';

/** watched: a loader that keeps what it opened in `objects`. */
function watched(loader: BpfLoader, objects: Set<BpfObject>): BpfLoader {
  return {
    kernelBtf: loader.kernelBtf,
    enableStats: () => loader.enableStats(),
    open: (spec) => {
      const object = loader.open(spec);
      objects.add(object);
      const dispose = object[Symbol.dispose].bind(object);
      object[Symbol.dispose] = () => {
        objects.delete(object);
        dispose();
      };
      return object;
    },
  };
}

type Totals = Map<string, { readonly runs: number; readonly ns: number }>;

function totalsOf(objects: Iterable<BpfObject>): Totals {
  return new Map(
    [...objects].flatMap((object) =>
      object
        .programInfo()
        .map(({ name, runCount, runTimeNs }) => [name, { runs: Number(runCount), ns: Number(runTimeNs) }]),
    ),
  );
}

/**
 * programs: what each program takes per run, by the kernel's own statistics, while two loads keep them busy; beside
 * it the empty program on the same hook, which is what measuring itself takes.
 */
export async function programs(quick: boolean): Promise<Table[]> {
  const loader = createBpfLoader();
  const ours = new Set<BpfObject>();
  const definitions = (await builtInDefinitions()).map(({ definition }) => definition);
  await using _samplers = await Harness.start(definitions, { bpf: watched(loader, ours) });
  using floor = loader.open(empty);
  floor.load();
  floor.attachAll(Object.keys(empty.programs));
  using _stats = loader.enableStats();
  const costs = new Map<string, number[]>();
  const runs = new Map<string, number>();
  for (let round = 0; round < (quick ? 3 : 11); round++) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2Kprograms: round ${round + 1}`);
    const before = totalsOf([...ours, floor]);
    await runLoad('syscalls', 300_000);
    await runLoad('pingpong', '0', 30_000);
    for (const [name, now] of totalsOf([...ours, floor])) {
      const was = before.get(name) ?? { runs: 0, ns: 0 };
      const ran = now.runs - was.runs;
      if (ran < 1000) continue;
      costs.set(name, [...(costs.get(name) ?? []), (now.ns - was.ns) / ran]);
      runs.set(name, (runs.get(name) ?? 0) + ran);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  const rows = [...costs]
    .filter(([name]) => !(name in empty.programs))
    .map(([name, values]) => {
      const hook = name.replace(/_(btf|raw)$/, '');
      const nothing = costs.get(hook);
      return [
        name,
        formatNs(median(values)),
        nothing === undefined ? '' : formatNs(median(nothing)),
        String(runs.get(name)),
      ];
    });
  return [
    {
      title: 'Programs',
      note: "Time per run by the kernel's statistics, under system calls and context switches; median of rounds.",
      columns: ['program', 'takes', 'empty program', 'runs'],
      rows,
    },
  ];
}
