/**
 * The agent as a process of its own: `node main JSON` with what {@link MainArguments} says. The command line becomes this
 * process once it has read the configuration, so that a running agent holds no code of either.
 */
import { type PluginEntry, RezolusError, registerPlugins, SamplerRegistry, sentence } from '@rezolus/core';
import { startAgent } from './agent.ts';
import type { AgentConfig } from './config.ts';

/** MainArguments: the validated configuration and the plugins that it was validated for. */
export interface MainArguments {
  readonly config: AgentConfig;
  readonly plugins: readonly PluginEntry[];
}

const { config, plugins }: MainArguments = JSON.parse(process.argv[2]!);
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
  const registry = new SamplerRegistry();
  await registerPlugins(registry, plugins);
  await using _agent = await startAgent({ config, registry });
  await stopped;
} catch (error) {
  if (!(error instanceof RezolusError)) throw error;
  process.stderr.write(`error: ${sentence(error)}\n  ${error.remedy} [${error.code}]\n`);
  process.exitCode = 1;
}
