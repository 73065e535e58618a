import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BpfObjectSpec, RezolusError, sentence } from '@rezolus/core';
import { LibbpfObject } from '@rezolus/libbpf';
import { describeObject } from './describe.ts';
import { type Explanation, explain } from './explain.ts';
import type { BpfSource } from './source.ts';

/** ProgramVerdict: what the verifier of this kernel says of a program. */
export interface ProgramVerdict {
  readonly name: string;
  readonly section: string;
  /** Instructions of the program, without those of functions that it calls. */
  readonly instructions: number;
  /** Instructions that the verifier went through, all paths together; 0 where the kernel does not say. */
  readonly verified: number;
  /** `lacking`: this kernel does not offer its hook. */
  readonly verdict: 'accepted' | 'refused' | 'lacking';
  /** Why it is not accepted, in the words of the kernel. */
  readonly log?: string;
  readonly explanation?: Explanation;
}

/**
 * verify: loads each program of a built object on its own into this kernel, every switch on (`const volatile bool`), and
 * attaches none. Throws REZ_ERR_BPF_PERMISSION, REZ_ERR_BPF_OBJECT, REZ_ERR_BPF_LIBRARY.
 */
export function verify({ folder, name, object }: BpfSource): ProgramVerdict[] {
  const path = join(folder, object);
  const { instructions, ...described } = describeObject(readFileSync(path));
  const spec = { name, object: pathToFileURL(path), ...described };
  return Object.keys(spec.programs).map((program) => ({
    name: program,
    section: spec.programs[program]!.section,
    instructions: instructions[program]!,
    ...judge(spec, program),
  }));
}

function judge(spec: BpfObjectSpec, program: string): Pick<ProgramVerdict, 'verified' | 'verdict' | 'log'> {
  const switches = Object.entries(spec.variables).filter(([, { size }]) => size === 1);
  try {
    using object = LibbpfObject.open(spec);
    for (const other of Object.keys(spec.programs)) if (other !== program) object.disable(other);
    object.configure(Object.fromEntries(switches.map(([name]) => [name, true])));
    object.load();
    const [missing] = object.missing();
    if (missing !== undefined) return { verified: 0, verdict: 'lacking', log: sentence(missing) };
    return { verified: object.verified(program), verdict: 'accepted' };
  } catch (error) {
    if (!(error instanceof RezolusError) || error.code === 'REZ_ERR_BPF_PERMISSION') throw error;
    if (error.code !== 'REZ_ERR_BPF_LOAD' && error.code !== 'REZ_ERR_BPF_UNSUPPORTED') throw error;
    const log = error.cause instanceof Error ? error.cause.message : error.message;
    const explanation = explain(log);
    return { verified: 0, verdict: 'refused', log, ...(explanation !== undefined && { explanation }) };
  }
}
