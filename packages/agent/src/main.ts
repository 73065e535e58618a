/**
 * The agent as a process of its own: `node main CONFIG PLUGINS`, where PLUGINS is a JSON list of PluginEntry. The command
 * line becomes this process once it knows the plugins, so that a running agent holds none of the command line's code.
 */
import { RezolusError, SamplerRegistry, sentence } from '@rezolus/core';
import { startAgent } from './agent.ts';
import { type PluginEntry, registerPlugins } from './plugins.ts';

const [configPath, plugins] = process.argv.slice(2) as [string, string];
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
  await registerPlugins(registry, JSON.parse(plugins) as PluginEntry[]);
  await using _agent = await startAgent({ configPath, registry });
  await stopped;
} catch (error) {
  if (!(error instanceof RezolusError)) throw error;
  process.stderr.write(`error: ${sentence(error)}\n  ${error.remedy} [${error.code}]\n`);
  process.exitCode = 1;
}
