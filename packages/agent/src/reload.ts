import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RezolusError } from '@rezolus/core';
import type { AgentPlan } from './plan.ts';

const run = promisify(execFile);
const timeoutMs = 120_000;
const largestPlan = 16 * 1024 * 1024;

/**
 * readPlan: lets the command line, which this process no longer holds, read configuration and plugins anew. `command` is
 * a program and its arguments that print a plan as JSON. Throws REZ_ERR_CONFIG_INVALID with what it says on failure.
 */
export async function readPlan([program, ...args]: readonly string[]): Promise<AgentPlan> {
  try {
    const { stdout } = await run(program!, args, { timeout: timeoutMs, maxBuffer: largestPlan });
    return JSON.parse(stdout);
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string };
    const said = /^error: (.*)/m.exec(stderr)?.[1];
    if (said !== undefined) throw new RezolusError('REZ_ERR_CONFIG_INVALID', said);
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', 'no plan could be made', { cause });
  }
}
