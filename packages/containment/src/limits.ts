/** PluginLimits: what a plugin of a third party may take, from `[plugins]` of agent.toml; times in ms. */
export interface PluginLimits {
  /** For its process to come up and all its samplers to start. */
  readonly start_timeout: number;
  /** For an answer to a refresh; a snapshot that comes later is not used. */
  readonly refresh_timeout: number;
  /** For an answer at all; then its process is ended. */
  readonly hang_timeout: number;
  /** Resident memory of its process, bytes. */
  readonly memory_limit: number;
  /** Series of all its samplers. */
  readonly series_limit: number;
}

/** defaultPluginLimits: the limits where nothing else was set. */
export const defaultPluginLimits: PluginLimits = {
  start_timeout: 10_000,
  refresh_timeout: 500,
  hang_timeout: 10_000,
  memory_limit: 256 * 2 ** 20,
  series_limit: 10_000,
};

/** fixedLimits: what nobody has to set. */
export const fixedLimits = {
  /** Largest message either way, bytes; decoded it is at most eight times as large. */
  frameBytes: 4 * 1024 * 1024,
  process: {
    /** Processes and threads of its user: Node's own, and enough for a few of the plugin's to be seen. */
    processes: 64,
    files: 1024,
  },
  /** How often memory and children are looked at, ms. */
  watchMs: 250,
  /** First pause before a process is started again, ms; doubled with each that ends soon. */
  firstPauseMs: 1000,
  longestPauseMs: 300_000,
  /** A process that has lived so long ended for another reason than the one before, ms. */
  settledMs: 300_000,
  /** How long a process may take to end by itself, ms. */
  stopMs: 1000,
  /** Lines that a plugin may log in 10 s. */
  logLines: 20,
  /** BPF programs of a plugin that are measured. */
  programs: 256,
  /** Longest text of a plugin in a status or a log, characters. */
  textLength: 500,
} as const;
