import { Command } from '@oclif/core';
import { RezolusError, sentence } from '@rezolus/core';

/** BaseCommand: every command of ours: prints a RezolusError with its code and the next step, and exits. */
export abstract class BaseCommand extends Command {
  /** Exit status for such an error. */
  protected errorStatus = 1;

  override async catch(error: Error & { exitCode?: number }): Promise<unknown> {
    if (!(error instanceof RezolusError)) return super.catch(error);
    process.stderr.write(`error: ${sentence(error)}\n  ${error.remedy} [${error.code}]\n`);
    return this.exit(this.errorStatus);
  }
}

/** untilSignalled: an AbortSignal for SIGINT and SIGTERM; a second signal ends the process at once with status 2. */
export function untilSignalled(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(2);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}

/** aborted: resolves when the signal fires. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
