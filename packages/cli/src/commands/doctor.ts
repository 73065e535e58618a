import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base.ts';
import { planAgent } from '../plan.ts';

export default class Doctor extends BaseCommand {
  static override summary = 'Say what this machine can measure, by which route, and what is missing.';
  static override description =
    `Starts each sampler for a moment, one after the other, those of installed plugins in processes of their own. No agent
is needed, and one that runs is left alone. Run it as the agent runs: as root, or as its user with its capabilities.

Exits 0 where all works that can work here, 1 where something does not that should, 2 where there is no diagnosis: a wrong command line or
configuration.`;
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor /etc/rezolus/agent.toml',
    '<%= config.bin %> doctor --json | jq -r \'.samplers[] | select(.verdict == "denied") | .remedy\'',
  ];
  static override args = {
    config: Args.string({ description: "the agent's configuration file; without it all is at its default" }),
  };
  static override flags = { json: Flags.boolean({ description: 'print JSON' }) };

  // 1 says that there is a diagnosis.
  protected override errorStatus = 2;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Doctor);
    const { diagnose, doctorExitCode, renderDiagnosis } = await import('@rezolus/agent/doctor');
    const diagnosis = await diagnose(await planAgent(args.config ?? '/dev/null', this.config));
    this.log(flags.json ? JSON.stringify(diagnosis, null, 2) : renderDiagnosis(diagnosis));
    process.exitCode = doctorExitCode(diagnosis);
  }
}
