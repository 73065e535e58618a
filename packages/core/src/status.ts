/** Verdict: how a program's attachment is judged. */
export type Verdict = 'ok' | 'unsupported' | 'broken' | 'not_applicable';

/** ProgramStatus: one BPF program of a sampler, in the field names of the original's status. */
export interface ProgramStatus {
  readonly name: string;
  readonly attached: boolean;
  readonly error?: string;
  readonly intent: { readonly type: 'required' };
  /** What the program hooks, e.g. `tp_btf/sched_switch`. */
  readonly label?: string;
  readonly expected: boolean;
  readonly verdict: Verdict;
}

/** SamplerReport: what a running sampler says of itself. */
export interface SamplerReport {
  /** How it measures here, e.g. `tp_btf/sched_switch` or `/proc/meminfo`. */
  readonly route: string;
  readonly programs?: readonly ProgramStatus[];
  /** What is not measured here and why, a sentence each. */
  readonly missing?: readonly string[];
  /** Events that were lost or not attributed since the start, by reason. */
  readonly drops?: Readonly<Record<string, number>>;
  /** Bytes of kernel memory that the sampler's maps take; of a shared object, reported by one of its samplers. */
  readonly mapBytes?: number;
}

/** ProcessStatus: the child process in which the samplers of a third party's plugin run. */
export interface ProcessStatus {
  /** Null while it does not run. */
  readonly pid: number | null;
  /** How often it was started again after it had ended by itself or had been killed. */
  readonly restarts: number;
  /** Resident memory when it was last looked at. */
  readonly rss_bytes: number;
  /** Snapshots of it that were not used: late, or with values that cannot be. */
  readonly rejected: number;
}

/** SamplerHealth: the summary of a sampler's programs. */
export type SamplerHealth = 'healthy' | 'unsupported' | 'degraded' | 'failed';

/** SamplerStatus: one entry of `/samplers`; the names and enum values are the original's, `plugin` to `process` are ours. */
export interface SamplerStatus {
  readonly name: string;
  readonly state: 'active' | 'disabled' | 'failed';
  readonly error?: string;
  /** The code of the error, e.g. `REZ_ERR_PLUGIN_ABI`. */
  readonly code?: string;
  readonly health?: SamplerHealth;
  readonly programs?: readonly ProgramStatus[];
  readonly plugin?: string;
  readonly route?: string;
  readonly missing?: readonly string[];
  readonly drops?: Readonly<Record<string, number>>;
  readonly map_bytes?: number;
  /** Duration of the last refresh in microseconds. */
  readonly refresh_us?: number;
  /** Where the sampler runs in a process of its own: it is contained. */
  readonly process?: ProcessStatus;
}

/** healthOf: broken beats unsupported beats healthy, as in the original. */
export function healthOf(report: SamplerReport): SamplerHealth {
  const verdicts = report.programs?.map((program) => program.verdict) ?? [];
  if (verdicts.includes('broken')) return 'degraded';
  if (verdicts.includes('unsupported')) return 'unsupported';
  return 'healthy';
}
