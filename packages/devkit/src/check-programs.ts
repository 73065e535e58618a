import { RezolusError, sentence } from '@rezolus/core';
import type { Print } from './cli.ts';
import { measureCosts, type ProgramCost } from './cost.ts';
import { type BpfSource, title } from './source.ts';
import { type ProgramVerdict, verify } from './verify.ts';

/**
 * checkPrograms: prints what this kernel says of each program and what it costs. Resolves with whether one was refused.
 * Where nothing may be loaded, or the package is not built, it says so and goes on.
 */
export async function checkPrograms(sources: readonly BpfSource[], print: Print): Promise<boolean> {
  let refused = false;
  for (const [folder, own] of Map.groupBy(sources, (source) => source.folder)) {
    try {
      const verdicts = own.map((source) => [source, verify(source)] as const);
      const costs = await costsOf(folder, print);
      const rate = nsPerInstruction(
        verdicts.flatMap(([, programs]) => programs),
        costs,
      );
      for (const [source, programs] of verdicts) {
        print.out(`${title(source)}\n`);
        for (const program of programs) printProgram(program, costs.get(program.name), rate, print);
        refused ||= programs.some(({ verdict }) => verdict === 'refused');
      }
    } catch (error) {
      if (!(error instanceof RezolusError) || error.code !== 'REZ_ERR_BPF_PERMISSION') throw error;
      print.out(`nothing is loaded: ${sentence(error)}. ${error.remedy}\n`);
      return false;
    }
  }
  return refused;
}

async function costsOf(folder: string, print: Print): Promise<ReadonlyMap<string, ProgramCost>> {
  try {
    return new Map((await measureCosts(folder)).map((cost) => [cost.name, cost]));
  } catch (error) {
    if (!(error instanceof RezolusError) || error.code !== 'REZ_ERR_PLUGIN_LOAD') throw error;
    print.out(`costs are not measured: ${sentence(error)}\n`);
    return new Map();
  }
}

/** How long an instruction took in the programs that ran, as they are written: some are run often, some never. */
function nsPerInstruction(programs: readonly ProgramVerdict[], costs: ReadonlyMap<string, ProgramCost>) {
  const measured = programs.filter(({ name }) => costs.has(name));
  const ns = measured.reduce((sum, { name }) => sum + costs.get(name)!.nsPerRun, 0);
  return ns / measured.reduce((sum, { instructions }) => sum + instructions, 0);
}

function printProgram(
  { name, section, instructions, verified, verdict, log, explanation }: ProgramVerdict,
  cost: ProgramCost | undefined,
  rate: number,
  print: Print,
): void {
  const facts = [
    verified > 0 ? `${verified} verified` : '',
    cost !== undefined ? `${Math.round(cost.nsPerRun)} ns per run, measured over ${cost.runs}` : '',
    cost === undefined && verdict === 'accepted' && rate > 0
      ? `about ${Math.round(instructions * rate)} ns per run, by its instructions`
      : '',
    verdict === 'accepted' ? '' : verdict === 'lacking' ? 'its hook is not in this kernel' : 'REFUSED',
  ].filter((fact) => fact !== '');
  print.out(`  ${String(instructions).padStart(6)} instructions  ${section}  ${name}: ${facts.join(', ')}\n`);
  if (verdict !== 'refused') return;
  const { reason, remedy } = explanation ?? {
    reason: 'the verifier says why, below',
    remedy: 'https://docs.kernel.org/bpf/verifier.html explains its words.',
  };
  const quoted = (log ?? '')
    .split('\n')
    .slice(-8)
    .map((line) => `    | ${line}\n`);
  print.error(`${name} is refused by this kernel: ${reason}.\n  ${remedy}\n${quoted.join('')}`);
}
