import { writeFileSync } from 'node:fs';
import type { SamplerDefinition } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import type { HotplugReport } from './report.ts';

/**
 * hotplug: takes CPU 1 away and brings it back, twice, with load on both CPUs before, between and after, and compares
 * every counter and histogram bucket with its highest value so far.
 */
export async function hotplug(plugins: readonly (readonly SamplerDefinition[])[]): Promise<HotplugReport> {
  const began = performance.now();
  await using running = new AsyncDisposableStack();
  const harnesses: Harness[] = [];
  for (const definitions of plugins) harnesses.push(running.use(await Harness.start(definitions)));
  const active = () =>
    plugins.flatMap((definitions, index) =>
      definitions.map(({ name }) => name).filter((name) => harnesses[index]!.status(name).state === 'active'),
    );
  const highest = new Map<string, bigint>();
  const backwards = new Set<string>();
  let compared = 0;
  let error: string | null = null;
  const look = async (when: string) => {
    for (const harness of harnesses) await harness.refresh();
    for (const [series, value] of counters(harnesses)) {
      const before = highest.get(series) ?? 0n;
      compared++;
      if (value < before) backwards.add(`${series}: ${value} after ${before}, ${when}`);
      else highest.set(series, value);
    }
  };
  const scheduler = harnesses.find((harness) => harness.labels('scheduler_context_switch').length > 0);
  const switches = () => scheduler?.sum('scheduler_context_switch', { id: '1' }) ?? 0;
  const activeBefore = active();
  let switchesAfter = 0;
  try {
    await runLoad('pingpong', '0,1', 500);
    await look('before');
    for (const round of [1, 2]) {
      setOnline(false);
      await look(`CPU just gone, round ${round}`);
      await runLoad('pingpong', 0, 500);
      await look(`CPU gone, round ${round}`);
      setOnline(true);
      await look(`CPU just back, round ${round}`);
      const before = switches();
      await runLoad('pingpong', '0,1', 500);
      await look(`CPU back, round ${round}`);
      switchesAfter = switches() - before;
    }
  } catch (cause) {
    error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  }
  const stillActive = new Set(active());
  return {
    kind: 'hotplug',
    compared,
    backwards: [...backwards],
    lost: activeBefore.filter((sampler) => !stillActive.has(sampler)),
    switchesAfter,
    error,
    ms: Math.round(performance.now() - began),
  };
}

function setOnline(online: boolean): void {
  writeFileSync('/sys/devices/system/cpu/cpu1/online', online ? '1' : '0');
}

/** Every counter, and the entries of every histogram bucket, by name and labels. */
function* counters(harnesses: readonly Harness[]): Iterable<[string, bigint]> {
  for (const group of harnesses.flatMap((harness) => harness.groups())) {
    for (const [index, series] of group.schema!.counters.entries()) {
      if (group.countersPresent?.[index] !== 0) yield [JSON.stringify(series.labels), group.counters[index]!];
    }
    for (const [index, series] of group.schema!.histograms.entries()) {
      const labels = JSON.stringify(series.labels);
      for (const [bucket, count] of group.histograms[index]!.buckets.entries()) {
        if (count > 0n) yield [`${labels} bucket ${bucket}`, count];
      }
    }
  }
}
