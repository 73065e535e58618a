import type { Checks } from './check.ts';
import { cpuChecks } from './cpu.ts';
import { memoryChecks } from './memory.ts';
import { syscallChecks } from './syscall.ts';

/** checks: the known load and what is to be counted of it, for each of our samplers. */
export const checks: Checks = { ...cpuChecks, ...memoryChecks, ...syscallChecks };
