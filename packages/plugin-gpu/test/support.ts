import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Harness } from '@rezolus/devkit';

/** compile: makes a shared library of a C file of this folder. */
export function compile(source: string, target: string, ...flags: string[]): string {
  const path = fileURLToPath(new URL(source, import.meta.url));
  execFileSync('cc', ['-shared', '-fPIC', '-Wall', '-o', target, ...flags, path]);
  return target;
}

/** shown: the series of a GPU that are present, as `metric label… value`. */
export function shown(harness: Harness, gpu: number): string[] {
  return harness
    .groups()
    .flatMap(({ schema, counters, countersPresent, gauges, gaugesPresent }) =>
      [
        [schema!.gauges, gauges, gaugesPresent] as const,
        [schema!.counters, counters, countersPresent] as const,
      ].flatMap(([series, values, present]) =>
        series.flatMap(({ labels: { metric, sampler, unit, id, vendor, ...own } }, slot) =>
          id !== String(gpu) || present?.[slot] === 0
            ? []
            : [[metric, ...Object.values(own), String(values[slot])].join(' ')],
        ),
      ),
    );
}
