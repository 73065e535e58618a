/**
 * Hindsight as a process of its own: `node main JSON` with a HindsightConfig. The command line becomes this process once
 * it has read the configuration, so that a running hindsight holds no code of either.
 */
import { RezolusError, sentence } from '@rezolus/core';
import type { HindsightConfig } from './config.ts';
import { startHindsight } from './hindsight.ts';

const config: HindsightConfig = JSON.parse(process.argv[2]!);
const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second signal does not wait.
    if (stopping) process.exit(2);
    stopping = true;
    stop();
  });
}
// Until there is something to dump, the signal would end the process.
let capture = async () => {};
let captures = 0;
process.on('SIGHUP', () => {
  // One that waits sees everything that a third one would.
  if (captures >= 2) return;
  captures++;
  capture().finally(() => captures--);
});

try {
  await using hindsight = await startHindsight({ config });
  capture = hindsight.capture;
  await Promise.race([stopped, hindsight.ended]);
} catch (error) {
  if (!(error instanceof RezolusError)) throw error;
  process.stderr.write(`error: ${sentence(error)}\n  ${error.remedy} [${error.code}]\n`);
  process.exitCode = 1;
}
