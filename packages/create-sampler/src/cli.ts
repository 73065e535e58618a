import { parseArgs } from 'node:util';
import { RezolusError, sentence } from '@rezolus/core/errors';
import { createSampler } from './create.ts';
import { type Template, templates } from './scaffold.ts';

const help = `Usage: npm create @rezolus/sampler NAME [-- --template TEMPLATE] [--no-install]

Makes the package of a Rezolus sampler in the folder NAME, builds it, runs its tests and shows what it measures.
NAME is two or more lower case words joined by -, such as nfs-latency; it may have a path before it.

  -t, --template   where the values come from (default bpf):
${Object.entries(templates)
  .map(([name, text]) => `                     ${name.padEnd(9)}${text}`)
  .join('\n')}
      --no-install only write the files
`;

/** Print: where the command writes to. */
export interface Print {
  out(text: string): void;
  error(text: string): void;
}

/** run: the command `create-sampler`. Returns the exit code: 0 done, 1 failed, 2 wrong usage. */
export function run(argv: readonly string[], print: Print): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      allowNegative: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        install: { type: 'boolean', default: true },
        template: { type: 'string', short: 't', default: 'bpf' },
      },
    });
    const [folder, ...others] = positionals;
    if (values.help) {
      print.out(help);
      return 0;
    }
    if (folder === undefined || others.length > 0 || !Object.hasOwn(templates, values.template)) {
      print.error(help);
      return 2;
    }
    const steps = values.install ? 'all' : 'none';
    createSampler(folder, values.template as Template, steps, (line) => print.out(`${line}\n`));
    return 0;
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
