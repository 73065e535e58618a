import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RezolusError } from '@rezolus/core';

/** LoadReport: what a known load did, by its own account (getrusage for times and switches). */
export interface LoadReport {
  readonly load: string;
  readonly pid: number;
  readonly operations: number;
  readonly ns: number;
  readonly userUs: number;
  readonly systemUs: number;
  /** User and system time of the load and of the processes that it started. */
  readonly cpuUs: number;
  readonly voluntary: number;
  readonly involuntary: number;
}

const sources = fileURLToPath(new URL('../loads/', import.meta.url));

/** loadProgram: path of the compiled load program; built with the C compiler of the machine when it is older than its sources. */
export function loadProgram(): string {
  const folder = join(tmpdir(), `rezolus-loads-${process.getuid?.() ?? 0}`);
  const program = join(folder, 'load');
  const files = readdirSync(sources).map((name) => join(sources, name));
  const changed = Math.max(...files.map((file) => statSync(file).mtimeMs));
  if ((statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0) > changed) return program;
  mkdirSync(folder, { recursive: true });
  const fresh = `${program}.${process.pid}`;
  try {
    execFileSync('cc', ['-O2', '-Wall', '-o', fresh, ...files.filter((file) => file.endsWith('.c'))]);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_BPF_TOOLCHAIN', 'cannot compile the load program with cc', { cause });
  }
  renameSync(fresh, program);
  return program;
}

/** runLoad: runs `load KIND ARGS…` (see loads/load.c) to its end and returns its report. */
export async function runLoad(...args: readonly (string | number)[]): Promise<LoadReport> {
  const { stdout } = await promisify(execFile)(loadProgram(), args.map(String));
  return JSON.parse(stdout);
}
