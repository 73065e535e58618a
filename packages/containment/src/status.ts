import type { ProgramStatus, SamplerReport, SamplerStatus, Verdict } from '@rezolus/core';
import { plain } from './text.ts';

const longestList = 64;
const verdicts: readonly Verdict[] = ['ok', 'unsupported', 'broken', 'not_applicable'];
const states = ['active', 'disabled', 'failed'] as const;

type Unknown = { readonly [key: string]: unknown };

/**
 * statusesOf: the statuses that a plugin's process sent, by sampler, of those samplers alone that it was told to run.
 * What is not of the right shape is left out, texts are shortened.
 */
export function statusesOf(sent: unknown, samplers: object): Map<string, SamplerStatus> {
  const statuses = new Map<string, SamplerStatus>();
  for (const one of list(sent)) {
    const { name, state, code, error } = one;
    if (typeof name !== 'string' || !Object.hasOwn(samplers, name)) continue;
    statuses.set(name, {
      name,
      state: states.find((known) => known === state) ?? 'failed',
      ...(typeof code === 'string' && { code }),
      ...(error !== undefined && { error: plain(error) }),
      route: plain(one.route ?? ''),
      programs: list(one.programs).map(programOf),
      missing: array(one.missing).map(plain),
      drops: dropsOf(one.drops),
      map_bytes: count(one.map_bytes),
    });
  }
  return statuses;
}

/** reportOf: a status as the sampler's report that it was made of. */
export function reportOf(status: SamplerStatus | undefined): SamplerReport {
  const { route = '', programs = [], missing = [], drops = {}, map_bytes = 0 } = status ?? {};
  return { route, programs, missing, drops, mapBytes: map_bytes };
}

function programOf(program: Unknown): ProgramStatus {
  const { name, label, error, verdict, attached, expected } = program;
  return {
    name: plain(name),
    attached: attached === true,
    intent: { type: 'required' },
    expected: expected === true,
    verdict: verdicts.find((known) => known === verdict) ?? 'broken',
    ...(error !== undefined && { error: plain(error) }),
    ...(label !== undefined && { label: plain(label) }),
  };
}

function dropsOf(drops: unknown): Record<string, number> {
  const entries = typeof drops === 'object' && drops !== null ? Object.entries(drops) : [];
  return Object.fromEntries(
    entries.slice(0, longestList).map(([reason, lost]) => [plain(reason), count(lost)]),
  );
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0;
}

function array(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, longestList) : [];
}

function list(value: unknown): Unknown[] {
  return array(value).filter((one): one is Unknown => typeof one === 'object' && one !== null);
}
