/**
 * The exporter as a process of its own: `node main JSON` with an ExporterConfig. The command line becomes this process
 * once it has read the configuration, so that a running exporter holds no code of either.
 */
import { RezolusError, sentence } from '@rezolus/core';
import type { ExporterConfig } from './config.ts';
import { startExporter } from './exporter.ts';

const config: ExporterConfig = JSON.parse(process.argv[2]!);
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

try {
  await using _exporter = await startExporter({ config });
  await stopped;
} catch (error) {
  if (!(error instanceof RezolusError)) throw error;
  process.stderr.write(`error: ${sentence(error)}\n  ${error.remedy} [${error.code}]\n`);
  process.exitCode = 1;
}
