import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Args, Flags } from '@oclif/core';
import type { AgentPlan } from '@rezolus/agent';
import type { MainArguments } from '@rezolus/agent/main';
import { errorCatalogue, silentLogger } from '@rezolus/core';
import { BaseCommand } from '../base.ts';
import { become } from '../become.ts';
import { planAgent } from '../plan.ts';

/**
 * A small heap that is collected often, by the main thread: the agent keeps little and makes little garbage. It asks for
 * a collection itself when much went away.
 */
const heapFlags = [
  '--max-semi-space-size=1',
  '--v8-pool-size=0',
  '--expose-gc',
  '--disable-warning=ExperimentalWarning',
];

/** inParts: a text in arguments of which each is shorter than the 128 KiB that execve(2) takes, whatever its characters. */
function inParts(text: string): string[] {
  return text.match(/.{1,30000}/gsu) ?? [];
}

export default class Agent extends BaseCommand {
  static override summary = 'Run the agent: measure this machine and serve snapshots over HTTP.';
  static override description =
    `Needs root, or CAP_BPF and CAP_PERFMON. Nothing is sampled until somebody asks: each request of
/metrics/binary or /metrics/json refreshes the samplers, at most once per ttl.

--check reads the configuration and what it names, and verifies the installed plugins, without running anything: it exits
2 where an agent would not start or a plugin would not be loaded.

SIGHUP reads the configuration file and the installed plugins again; samplers that stay as they are keep their counters.

The short form \`rezolus CONFIG.toml\` does the same.`;
  static override examples = [
    '<%= config.bin %> agent config/agent.toml',
    '<%= config.bin %> config/agent.toml',
    '<%= config.bin %> agent /etc/rezolus/agent.toml --check && systemctl reload rezolus',
    'curl http://127.0.0.1:4241/status',
  ];
  static override args = {
    config: Args.string({ required: true, description: 'configuration file (TOML), see config/agent.toml' }),
  };

  static override flags = {
    check: Flags.boolean({ description: 'check configuration and plugins, and exit' }),
    // How a running agent lets configuration and plugins be read anew.
    plan: Flags.boolean({ hidden: true, description: 'print what the agent would start from, as JSON' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Agent);
    const config = resolve(args.config);
    if (flags.check) this.errorStatus = 2;
    const plan = await planAgent(config, this.config);
    if (flags.check) {
      await this.#check(plan);
      return;
    }
    if (flags.plan) {
      process.stdout.write(JSON.stringify(plan));
      return;
    }
    const planCommand = [process.execPath, process.argv[1]!, 'agent', config, '--plan'];
    const main: MainArguments = { plan, planCommand };
    const program = fileURLToPath(import.meta.resolve('@rezolus/agent/main'));
    become([...heapFlags, program, ...inParts(JSON.stringify(main))]);
  }

  async #check({ config, plugins }: AgentPlan): Promise<void> {
    const { FrontDoor } = await import('@rezolus/core/http');
    for (const section of [config.general, config.prometheus])
      await FrontDoor.open({
        webConfigFile: section.web_config_file,
        log: silentLogger,
        maxConnections: 1,
        idleMs: 1,
      });
    // One that is not allowed is left out because somebody wants it.
    const faults = plugins.refusals.filter(({ code }) => code !== 'REZ_ERR_PLUGIN_NOT_ALLOWED');
    for (const { sampler, message, code } of faults)
      this.logToStderr(`sampler ${sampler}: ${message}\n  ${errorCatalogue[code]} [${code}]`);
    if (faults.length > 0) this.exit(2);
    this.log('the configuration and the plugins are fine');
  }
}
