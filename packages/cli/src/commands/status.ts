import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base.ts';
import { httpConfigFlag } from '../flags.ts';

export default class Status extends BaseCommand {
  static override summary = 'Show what a running agent measures, by which route, and what is missing.';
  static override description =
    'Exits 1 if the agent does not answer or a sampler is degraded or failed; what the machine does not support is no failure.';
  static override examples = [
    '<%= config.bin %> status http://127.0.0.1:4241',
    '<%= config.bin %> status http://127.0.0.1:4241 --all',
    '<%= config.bin %> status http://127.0.0.1:4241 --json',
  ];
  static override args = {
    endpoint: Args.string({ required: true, description: 'agent: URL, host:port or unix:/path' }),
  };
  static override flags = {
    'http-config': httpConfigFlag(),
    all: Flags.boolean({
      char: 'a',
      description: 'list every sampler with its route, refresh time, memory and drops',
    }),
    json: Flags.boolean({ description: "print the agent's answer as it is" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Status);
    const { fetchStatus, renderStatus, statusExitCode } = await import('@rezolus/agent');
    const { status, body } = await fetchStatus(args.endpoint, flags['http-config']);
    this.log(flags.json ? body : renderStatus(status, { verbose: flags.all }).trimEnd());
    process.exitCode = statusExitCode(status);
  }
}
