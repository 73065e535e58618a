import { parseArgs } from 'node:util';
import { RezolusError, sentence } from '@rezolus/core';
import type { Print } from './cli.ts';
import { show } from './show.ts';

const help = `Usage: rezolus-show [folder] [--seconds N]

Runs the samplers of a built plugin for a moment and prints what they measure. The folder is the package, by default
this one. BPF needs root.
`;

/** runShow: the command \`rezolus-show\`. Resolves with the exit code: 0 all samplers are active, 1 not, 2 wrong usage. */
export async function runShow(argv: readonly string[], print: Print): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, seconds: { type: 'string', default: '1' } },
    });
    const seconds = Number(values.seconds);
    if (values.help) {
      print.out(help);
      return 0;
    }
    if (!(seconds > 0 && seconds <= 3600) || positionals.length > 1) {
      print.error(help);
      return 2;
    }
    const active = await show(positionals[0] ?? '.', seconds, (line) => print.out(`${line}\n`));
    return active ? 0 : 1;
  } catch (error) {
    if (error instanceof RezolusError) {
      print.error(`${error.code}: ${sentence(error)}\n${error.remedy}\n`);
      return 1;
    }
    if (!(error instanceof TypeError && 'code' in error)) throw error;
    print.error(`${error.message}\n${help}`);
    return 2;
  }
}
