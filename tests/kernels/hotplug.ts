import { writeFileSync } from 'node:fs';
import type { GroupSchema, SamplerDefinition } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import type { HotplugReport } from './report.ts';

/** Names of the series of a schema, made once: an interpreter takes long for them. */
const named = new WeakMap<GroupSchema, { counters: string[]; histograms: string[] }>();

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
  const vanished = new Set<string>();
  let perCpu: ReadonlyMap<string, bigint> | undefined;
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
    const now = ofCpu1(plugins, harnesses);
    perCpu ??= now;
    for (const series of perCpu.keys()) if (!now.has(series)) vanished.add(`${series}, ${when}`);
    return now;
  };
  const activeBefore = active();
  const grown = new Set<string>();
  try {
    await runLoad('pingpong', '0,1', 500);
    await look('before');
    for (const round of [1, 2]) {
      setOnline(false);
      if (round === 1) await look('CPU just gone');
      await runLoad('pingpong', 0, 500);
      await look(`CPU gone, round ${round}`);
      setOnline(true);
      const before = await look(`CPU just back, round ${round}`);
      await runLoad('pingpong', '0,1', 500);
      for (const [series, value] of await look(`CPU back, round ${round}`))
        if (value > (before.get(series) ?? 0n)) grown.add(series);
    }
  } catch (cause) {
    error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  }
  const stillActive = new Set(active());
  return {
    kind: 'hotplug',
    compared,
    backwards: [...backwards],
    perCpu: [...(perCpu?.keys() ?? [])],
    vanished: [...vanished],
    grown: [...grown],
    lost: activeBefore.filter((sampler) => !stillActive.has(sampler)),
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
    const names = namesOf(group.schema!);
    for (const [index, name] of names.counters.entries()) {
      if (group.countersPresent?.[index] !== 0) yield [name, group.counters[index]!];
    }
    for (const [index, name] of names.histograms.entries()) {
      for (const [bucket, count] of group.histograms[index]!.buckets.entries()) {
        if (count > 0n) yield [`${name} bucket ${bucket}`, count];
      }
    }
  }
}

function namesOf(schema: GroupSchema): { counters: string[]; histograms: string[] } {
  let names = named.get(schema);
  if (names === undefined) {
    names = {
      counters: schema.counters.map(({ labels }) => JSON.stringify(labels)),
      histograms: schema.histograms.map(({ labels }) => JSON.stringify(labels)),
    };
    named.set(schema, names);
  }
  return names;
}

/** The counters, and the entries of the histograms, of CPU 1: metric with its own labels, and value. */
function ofCpu1(
  plugins: readonly (readonly SamplerDefinition[])[],
  harnesses: readonly Harness[],
): ReadonlyMap<string, bigint> {
  const perCpu = new Set(
    plugins
      .flat()
      .flatMap(({ name, groups }) =>
        groups.filter(({ per }) => per === 'cpu').map((group) => `${name}/${group.name}`),
      ),
  );
  const values = new Map<string, bigint>();
  for (const group of harnesses.flatMap((harness) => harness.groups())) {
    if (!perCpu.has(group.name)) continue;
    const { counters, histograms } = group.schema!;
    for (const [index, { labels }] of counters.entries()) {
      if (labels.id === '1' && group.countersPresent?.[index] !== 0)
        values.set(seriesName(labels), group.counters[index]!);
    }
    for (const [index, { labels }] of histograms.entries()) {
      if (labels.id === '1')
        values.set(
          seriesName(labels),
          group.histograms[index]!.buckets.reduce((sum, count) => sum + count, 0n),
        );
    }
  }
  return values;
}

function seriesName({ metric, state, direction, kind, reason }: Readonly<Record<string, string>>): string {
  return [metric, state, direction, kind, reason].filter((part) => part !== undefined).join(' ');
}
