export {
  type Capability,
  type KeptCapabilities,
  keepCapabilities,
  raiseCapabilities,
} from './capabilities.ts';
export { type Cgroup, CgroupTable, maxCgroups, totalOf } from './cgroup-table.ts';
export {
  type ConfinementLimits,
  confine,
  giveUpPowers,
  powersOf,
  startConfined,
} from './confinement.ts';
export { cpuMembers, pidCapacity, requireAttached, routeOf, tracepoints } from './host.ts';
export { controlSocket, type IoctlPointer, ioctl, ioctlAsync } from './ioctl.ts';
export { type ForeignFunction, type ForeignValue, SharedLibrary } from './library.ts';
export { linkObject } from './linker.ts';
export { createBpfLoader, hasKernelBtf } from './loader.ts';
export { MappedArray } from './mapped-array.ts';
export { libbpfVersion } from './native.ts';
export { LibbpfObject } from './object.ts';
export { type PerfEvent, PerfGroup, perfType } from './perf-event.ts';
export { releaseProgram } from './program.ts';
export { type Banks, copyPerCpu, sumBanks, sumHistograms } from './readers.ts';
export { enableStats } from './stats.ts';
