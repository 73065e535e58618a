import { Args, Errors, Flags } from '@oclif/core';
import { parseListen } from '@rezolus/core';
import { aborted, BaseCommand, untilSignalled } from '../base.ts';

export default class View extends BaseCommand {
  static override summary = 'Show a recording, or a running agent live, in the browser.';
  static override description =
    `Prints the URL of the dashboards and serves them until SIGINT or SIGTERM. The same server answers the
Prometheus HTTP API under /api/v1, so that Grafana can be pointed at a recording.`;
  static override examples = [
    '<%= config.bin %> view rezolus.parquet',
    '<%= config.bin %> view rezolus.parquet --listen 127.0.0.1:8080',
    '<%= config.bin %> view http://127.0.0.1:4241',
  ];
  static override args = {
    input: Args.string({ required: true, description: 'a recording (Parquet), or the URL of an agent' }),
  };
  static override flags = {
    listen: Flags.string({
      char: 'l',
      default: '127.0.0.1:0',
      helpValue: 'ADDR',
      description: 'address to listen on; port 0 takes a free one',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(View);
    const listen = parseListen(flags.listen);
    if (listen === null)
      throw new Errors.CLIError(`"${flags.listen}" is not an address such as 127.0.0.1:8080`);
    const stop = untilSignalled();
    const { startViewer, workerSource } = await import('@rezolus/viewer');
    const live = /^https?:\/\//.test(args.input);
    const source = await workerSource(
      live ? { kind: 'live', url: args.input } : { kind: 'file', path: args.input },
    );
    const viewer = await startViewer({ source, listen });
    this.log(`${live ? 'watching' : 'viewing'} ${source.name} at ${viewer.address}`);
    await aborted(stop);
    await viewer.close();
  }
}
