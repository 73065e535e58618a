import { fileURLToPath } from 'node:url';
import { Args } from '@oclif/core';
import { BaseCommand } from '../base.ts';
import { become } from '../become.ts';

/** A small heap that is collected often: little is kept between two rows. */
const heapFlags = ['--max-semi-space-size=2', '--disable-warning=ExperimentalWarning'];

export default class Hindsight extends BaseCommand {
  static override summary =
    'Run hindsight: keep the last minutes of an agent, write them to a file on demand.';
  static override description = `Records the agent that the configuration names into a buffer on disk that
holds its last minutes. When something has happened, SIGHUP writes the buffer
to the configured output as a Parquet file; with \`listen\` in the
configuration, so do GET /dump and POST /dump/file. Recording goes on.

An agent that is away is waited for. The buffer stays when hindsight ends,
however it ends, and the next one goes on with it. SIGTERM and SIGINT end
hindsight without a dump.`;
  static override examples = [
    '<%= config.bin %> hindsight config/hindsight.toml',
    {
      description: 'dump the whole buffer to the configured output',
      command: 'systemctl kill -s HUP rezolus-hindsight',
    },
    {
      description: 'with listen = "127.0.0.1:4243": the last five minutes',
      command: 'curl -o incident.parquet "http://127.0.0.1:4243/dump?last=5m"',
    },
    {
      description: 'a range of time, to the configured output',
      command: 'curl -X POST "http://127.0.0.1:4243/dump/file?start=1769860800&end=1769861100"',
    },
    {
      description: 'what the buffer holds',
      command: 'curl http://127.0.0.1:4243/status',
    },
  ];
  static override args = {
    config: Args.string({
      required: true,
      description: 'configuration file (TOML), see config/hindsight.toml',
    }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Hindsight);
    const { loadHindsightConfig } = await import('@rezolus/hindsight/config-file');
    const config = JSON.stringify(loadHindsightConfig(args.config));
    const program = fileURLToPath(import.meta.resolve('@rezolus/hindsight/main'));
    become([...heapFlags, program, config]);
  }
}
