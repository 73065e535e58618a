import type { PluginEntry, SamplerDefinition, SamplerStatus } from '@rezolus/core';

/** Described: a definition as data, without its factory. */
export type Described = Omit<SamplerDefinition, 'create'>;

/** Refused: a sampler that the child's registry did not take. */
export interface Refused {
  readonly sampler: string;
  readonly code: string;
  readonly message: string;
}

/** Options: the options of each enabled sampler, by name. */
export type Options = Readonly<Record<string, Readonly<Record<string, boolean | number | string>>>>;

/** Assignment: the first message to a child: what it is to be. */
export interface Assignment {
  /** `describe`: registers and says what was registered. `run`: starts these samplers and answers refreshes. */
  readonly task: 'describe' | 'run';
  readonly plugin: PluginEntry;
  readonly samplers: Options;
  /** The user to become; null = stay. */
  readonly uid: number | null;
  readonly maxSeries: number;
}

/** Request: asks a running child for a snapshot, or for the run statistics of its BPF programs. */
export type Request = { readonly kind: 'refresh'; readonly tick: number } | { readonly kind: 'costs' };

/** ProgramRuns: what the kernel has counted of a BPF program; runs and time only while statistics are enabled. */
export interface ProgramRuns {
  readonly program: string;
  readonly runs: number;
  readonly ns: number;
  /** Runs that did not happen because the program was already running on that CPU. */
  readonly misses: number;
}

/** ChildMessage: what a child says. The body of `refreshed` is a V3 snapshot without schemas that were sent before. */
export type ChildMessage =
  | {
      readonly kind: 'described';
      readonly definitions: readonly Described[];
      readonly refusals: readonly Refused[];
    }
  | { readonly kind: 'started'; readonly samplers: readonly SamplerStatus[] }
  | {
      readonly kind: 'refreshed';
      readonly tick: number;
      readonly samplers: readonly SamplerStatus[];
    }
  | { readonly kind: 'costs'; readonly programs: readonly ProgramRuns[] }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly sampler: string; readonly message: string }
  /** It cannot go on, and why. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** LogLevel: the levels of a sampler's logger. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
