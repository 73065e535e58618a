import { closeSync } from 'node:fs';
import { type ProgramInfo, RezolusError } from '@rezolus/core';
import { raiseCapabilities } from './capabilities.ts';
import { native } from './native.ts';
import { errorText } from './verdict.ts';

const BPF_STATS_RUN_TIME = 0;

/**
 * enableStats: makes the kernel count and time the runs of all BPF programs until disposed; costs about 20 ns per
 * run. Read the counts with `programInfo`. Throws REZ_ERR_BPF_PERMISSION (kernels before 5.8 too).
 */
export function enableStats(): Disposable {
  using _raised = raiseCapabilities();
  const fd = native().enableStats(BPF_STATS_RUN_TIME);
  if (fd < 0) {
    throw new RezolusError('REZ_ERR_BPF_PERMISSION', `BPF statistics are not available: ${errorText(fd)}`);
  }
  return { [Symbol.dispose]: () => closeSync(fd) };
}

/** readProgramInfo: what the kernel counts of the program behind `fd`. */
export function readProgramInfo(name: string, fd: number): ProgramInfo {
  const view = infoOf(name, fd);
  return {
    name,
    runTimeNs: view.getBigUint64(192, true),
    runCount: view.getBigUint64(200, true),
    recursionMisses: view.getBigUint64(208, true),
  };
}

/** readVerified: how many instructions the verifier went through, all paths together; 0 before 5.16. */
export function readVerified(name: string, fd: number): number {
  return infoOf(name, fd).getUint32(216, true);
}

/** `struct bpf_prog_info` (include/uapi/linux/bpf.h). */
function infoOf(name: string, fd: number): DataView {
  const info = new Uint8Array(232);
  const result = native().infoByFd(fd, info, [info.length]);
  if (result !== 0) {
    throw new RezolusError('REZ_ERR_BPF_OBJECT', `program ${name} has no info: ${errorText(result)}`);
  }
  return new DataView(info.buffer);
}
