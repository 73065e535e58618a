export { CgroupTable, maxCgroups, totalOf } from './cgroup-table.ts';
export { cpuMembers, pidCapacity, tracepoints } from './host.ts';
export { linkObject } from './linker.ts';
export { createBpfLoader, hasKernelBtf } from './loader.ts';
export { MappedArray } from './mapped-array.ts';
export { libbpfVersion } from './native.ts';
export { LibbpfObject } from './object.ts';
export { type Banks, copyPerCpu, sumBanks } from './readers.ts';
export { enableStats, type ProgramInfo } from './stats.ts';
