import { Args, Errors, Flags } from '@oclif/core';
import { parseListen, sentence } from '@rezolus/core';
import type { NamedSource, Section } from '@rezolus/viewer';
import { aborted, BaseCommand, untilSignalled } from '../base.ts';
import { httpConfigFlag, webConfigFlag } from '../flags.ts';
import { pluginFolders } from '../plugins.ts';

export default class View extends BaseCommand {
  static override summary = 'Show recordings, running agents or a Prometheus server in the browser.';
  static override description =
    `Prints the URL of the dashboards and serves them until SIGINT or SIGTERM. Up to eight captures are shown
side by side or one at a time; more can be dropped onto the page. A recording that is still being written is followed.
The same server answers the Prometheus HTTP API under /api/v1, so that Grafana can be pointed at a recording.`;
  static override examples = [
    '<%= config.bin %> view rezolus.parquet',
    '<%= config.bin %> view before=monday.parquet after=tuesday.parquet --listen 127.0.0.1:8080',
    '<%= config.bin %> view http://127.0.0.1:4241',
    '<%= config.bin %> view --tui rezolus.parquet',
    '<%= config.bin %> view --prometheus http://prometheus.example:9090',
  ];
  static override strict = false;
  static override args = {
    input: Args.string({
      description:
        'recordings (Parquet, .rez, raw) or URLs of agents, each with an ALIAS= before it if you like',
    }),
  };
  static override flags = {
    listen: Flags.string({
      char: 'l',
      default: '127.0.0.1:0',
      helpValue: 'ADDR',
      description: 'address to listen on; port 0 takes a free one',
    }),
    'http-config': httpConfigFlag(),
    'web-config': webConfigFlag(),
    prometheus: Flags.string({
      multiple: true,
      helpValue: 'URL',
      description: 'a server with the Prometheus HTTP API whose machines run the exporter',
    }),
    'allow-url': Flags.string({
      multiple: true,
      helpValue: 'PREFIX',
      description: 'let users load recordings from URLs that begin so',
    }),
    'allow-network': Flags.string({
      multiple: true,
      helpValue: 'CIDR',
      description: 'addresses that are not public which such a URL may lead to',
    }),
    tui: Flags.boolean({ description: 'show the first of them in this terminal instead' }),
    'upload-limit': Flags.integer({
      default: 1024,
      min: 1,
      helpValue: 'MIB',
      description: 'the largest recording that users may load',
    }),
  };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(View);
    const listen = parseListen(flags.listen);
    if (listen === null)
      throw new Errors.CLIError(`"${flags.listen}" is not an address such as 127.0.0.1:8080`);
    const stop = untilSignalled();
    const { AllowList, openCaptures, startViewer, workerSource } = await import('@rezolus/viewer');
    const sources: NamedSource[] = [];
    for (const text of argv as string[]) {
      const { alias, input } = parseInput(text);
      sources.push(...(await openCaptures(input, alias, flags['http-config'])));
    }
    for (const url of flags.prometheus ?? []) {
      const httpConfigFile = flags['http-config'];
      sources.push({ source: await workerSource({ kind: 'prometheus', url, httpConfigFile }) });
    }
    if (flags.tui) {
      await this.#terminal(sources, stop);
      return;
    }
    const viewer = await startViewer({
      sources,
      sections: await this.#sections(),
      listen,
      webConfigFile: flags['web-config'],
      loading: {
        maxBytes: flags['upload-limit'] * 2 ** 20,
        allowed: new AllowList(flags['allow-url'] ?? [], flags['allow-network']),
      },
    });
    const names = sources.map(({ source }) => source.name).join(', ') || 'nothing yet';
    const isLive = sources.some(({ source }) => source.kind !== 'file');
    this.log(`${isLive ? 'watching' : 'viewing'} ${names} at ${viewer.address}`);
    await aborted(stop);
    await viewer.close();
  }

  async #terminal([source, ...others]: readonly NamedSource[], signal: AbortSignal): Promise<void> {
    const { stdin: input, stdout: output } = process;
    const { runTerminal } = await import('@rezolus/viewer');
    await Promise.all(others.map((other) => other.source.close()));
    if (source === undefined)
      throw new Errors.CLIError('say what to show: a recording or the URL of an agent');
    if (!input.isTTY || !output.isTTY) {
      await source.source.close();
      throw new Errors.CLIError('--tui needs a terminal');
    }
    await runTerminal({ source, sections: await this.#sections(), input, output, signal });
  }

  /** The sections that plugins bring; what is wrong with one is a warning. */
  async #sections(): Promise<readonly Section[]> {
    const { loadPluginSections, loadSections } = await import('@rezolus/viewer');
    const plugins = await pluginFolders(this.config, (error) => this.warn(sentence(error)));
    const taken = (await loadSections()).map(({ id }) => id);
    const { sections, refused } = await loadPluginSections(plugins, taken);
    for (const { plugin, file, reason } of refused) {
      this.warn(`the section ${file} of ${plugin} is not shown: ${reason}`);
    }
    return sections;
  }
}

/** parseInput: `alias=path`; what has a slash, a colon or a space before the `=` is a path or URL that has one in it. */
function parseInput(text: string): { alias?: string; input: string } {
  const match = /^([^\s/\\:=]{1,40})=(.+)$/s.exec(text);
  return match === null ? { input: text } : { alias: match[1]!, input: match[2]! };
}
