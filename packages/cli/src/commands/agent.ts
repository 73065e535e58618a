import { Args } from '@oclif/core';
import { aborted, BaseCommand, untilSignalled } from '../base.ts';
import { collectSamplers } from '../plugins.ts';

export default class Agent extends BaseCommand {
  static override summary = 'Run the agent: measure this machine and serve snapshots over HTTP.';
  static override description =
    `Needs root, or CAP_BPF and CAP_PERFMON. Nothing is sampled until somebody asks: each request
of /metrics/binary or /metrics/json refreshes the samplers, at most once per ttl.

The short form \`rezolus CONFIG.toml\` does the same.`;
  static override examples = [
    '<%= config.bin %> agent config/agent.toml',
    '<%= config.bin %> config/agent.toml',
    'curl http://127.0.0.1:4241/status',
  ];
  static override args = {
    config: Args.string({ required: true, description: 'configuration file (TOML), see config/agent.toml' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Agent);
    const stop = untilSignalled();
    const { startAgent } = await import('@rezolus/agent');
    await using _agent = await startAgent({
      configPath: args.config,
      registry: await collectSamplers(this.config),
    });
    await aborted(stop);
  }
}
