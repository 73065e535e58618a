import { blockioChecks } from './blockio.ts';
import type { Checks } from './check.ts';
import { cpuChecks } from './cpu.ts';
import { memoryChecks } from './memory.ts';
import { networkChecks } from './network.ts';
import { syscallChecks } from './syscall.ts';
import { tcpChecks } from './tcp.ts';

/** checks: the known load and what is to be counted of it, for each of our samplers. */
export const checks: Checks = {
  ...blockioChecks,
  ...cpuChecks,
  ...memoryChecks,
  ...networkChecks,
  ...syscallChecks,
  ...tcpChecks,
};
