import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Errors, Flags } from '@oclif/core';
import { BaseCommand } from './base.ts';
import { bar, ProgressLine } from './progress.ts';

/** Work that is over sooner shows no progress, ms. */
const quietMs = 1000;

/** ToolCommand: a command that works on files: shows progress on what takes over a second. */
export abstract class ToolCommand extends BaseCommand {
  readonly #line = new ProgressLine();
  readonly #beganMs = performance.now();

  /** progress: for the `progress` of the file tools; `what` says what is being done. */
  protected progress(what: string): (done: number, total: number) => void {
    return (done, total) => {
      if (performance.now() - this.#beganMs < quietMs || total <= 0) return;
      this.#line.show(`${what} ${bar(done, total)} ${Math.floor((100 * done) / total)} %`);
    };
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#line.end();
    await super.finally(error);
  }
}

/** outputFlag: where the result goes. */
export const outputFlag = Flags.custom<string>({ char: 'o', helpValue: 'FILE' });

/** readText: the content of a file; `-` is the standard input. Throws a usage error where it cannot be read. */
export async function readText(path: string): Promise<string> {
  try {
    return path === '-' ? await text(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw new Errors.CLIError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
}
