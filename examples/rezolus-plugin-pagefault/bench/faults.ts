/**
 * What the samplers add to a page fault: CPU time per fault of a loop that touches new memory, without them, with counts,
 * and with counts and latency, in turns. Run as root: node --expose-gc bench/faults.ts
 */
import type { SamplerDefinition } from '@rezolus/core';
import { Harness } from '@rezolus/devkit';
import { pagefaultCounts } from '../src/counts/sampler.ts';
import { pagefaultLatency } from '../src/latency/sampler.ts';

const pages = 32_768;
const rounds = 12;

const variants: Readonly<Record<string, readonly SamplerDefinition[]>> = {
  'without samplers': [],
  pagefault_counts: [pagefaultCounts],
  'pagefault_counts and pagefault_latency': [pagefaultCounts, pagefaultLatency],
};

/** CPU time per fault, ns. */
function touchNewMemory(): number {
  const memory = new Uint8Array(pages * 4096);
  const before = process.resourceUsage().minorPageFault;
  const began = process.cpuUsage();
  for (let i = 0; i < memory.length; i += 4096) memory[i] = 1;
  const { user, system } = process.cpuUsage(began);
  return ((user + system) * 1000) / (process.resourceUsage().minorPageFault - before);
}

const times = new Map(Object.keys(variants).map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++) {
  for (const [name, samplers] of Object.entries(variants)) {
    await using _harness = await Harness.start(samplers);
    touchNewMemory();
    times.get(name)!.push(Math.min(touchNewMemory(), touchNewMemory(), touchNewMemory()));
    globalThis.gc?.();
  }
}
for (const [name, values] of times) {
  const sorted = values.sort((a, b) => a - b);
  const [least, middle] = [sorted[0]!, sorted[rounds / 2]!].map(Math.round);
  console.log(`${name}: ${least} ns per fault at the least, ${middle} in the middle`);
}
