/** Counted: what a sampler counted of a known load, and what it may have counted. */
export interface Counted {
  readonly what: string;
  readonly counted: number;
  readonly least: number;
  readonly most: number;
}

/** SamplerReport: one sampler on one kernel, with some kinds of hooks taken away. */
export interface SamplerReport {
  readonly kind: 'sampler';
  readonly sampler: string;
  /** Kinds of hooks, or `cgroup v2`. */
  readonly without: readonly string[];
  readonly state: string;
  readonly health: string | null;
  readonly route: string | null;
  /** How many programs were to be loaded and attached. */
  readonly programs: number;
  /** Programs that are attached, e.g. `tp_btf/sched_switch`. */
  readonly attached: readonly string[];
  /** What the status says of failures and of what is missing. */
  readonly said: readonly string[];
  /** Events that the sampler lost, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  /** Null where there is no check for this sampler, or it does not run. */
  readonly counted: readonly Counted[] | null;
  /** Why the check could not be carried out. */
  readonly error: string | null;
  readonly ms: number;
}

/** RefusalReport: something that could not be loaded or started although nobody has probed that the kernel lacks it. */
export interface RefusalReport {
  readonly kind: 'refusal';
  readonly without: readonly string[];
  readonly said: string;
}

/** HotplugReport: counters that ran backwards while a CPU went and came back. */
export interface HotplugReport {
  readonly kind: 'hotplug';
  readonly compared: number;
  readonly backwards: readonly string[];
  /** Series of CPU 1 that were there at each look, of all that are declared per CPU; none may ever be missing. */
  readonly perCpu: readonly string[];
  readonly vanished: readonly string[];
  /** Those of CPU 1 that grew after it came back. */
  readonly grown: readonly string[];
  /** Samplers that were active before and are not any more. */
  readonly lost: readonly string[];
  readonly error: string | null;
  readonly ms: number;
}

/** UnprivilegedReport: one sampler started as a user with CAP_BPF and CAP_PERFMON and nothing else. */
export interface UnprivilegedReport {
  readonly kind: 'unprivileged';
  readonly sampler: string;
  readonly state: string;
  readonly health: string | null;
  readonly route: string | null;
  readonly said: readonly string[];
  /** How long its plugin took to start. */
  readonly ms: number;
}

/** EndReport: the last line of a guest: seconds since the kernel started when Node began and ended. */
export interface EndReport {
  readonly kind: 'end';
  readonly began: number;
  readonly ended: number;
}

export type Report = SamplerReport | RefusalReport | HotplugReport | UnprivilegedReport | EndReport;
