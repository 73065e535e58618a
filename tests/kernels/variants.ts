/**
 * variants: the kinds of hooks that the samplers are tried without, so that each takes its other routes in turn. The
 * first is the kernel as it is; one that takes away nothing that a plugin has used is passed over for it.
 */
export const variants: readonly (readonly string[])[] = [
  [],
  ['tp_btf'],
  ['fentry', 'fexit'],
  ['tp_btf', 'fentry', 'fexit'],
  ['tp_btf', 'raw_tp'],
  ['tp_btf', 'raw_tp', 'fentry', 'fexit'],
  ['tp_btf', 'raw_tp', 'fentry', 'fexit', 'kprobe', 'kretprobe'],
];

/** legacyCgroups: samplers that are tried with cgroup v1, too. */
export const legacyCgroups: readonly string[] = ['cpu_bandwidth', 'cpu_usage'];
