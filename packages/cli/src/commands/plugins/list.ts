import { Flags } from '@oclif/core';
import { RezolusError } from '@rezolus/core';
import { BaseCommand } from '../../base.ts';
import { pluginStore } from '../../plugins.ts';

export default class PluginsList extends BaseCommand {
  static override summary = 'List the installed plugins, and whether their files are what was installed.';
  static override aliases = ['plugins'];
  static override examples = ['<%= config.bin %> plugins list', '<%= config.bin %> plugins list --json'];
  static override flags = { json: Flags.boolean({ description: 'print JSON' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(PluginsList);
    const store = pluginStore(this.config);
    const plugins = [];
    for (const stored of await store.list()) {
      const problem = await store.open(stored).then(
        () => null,
        (error: unknown) => {
          if (error instanceof RezolusError) return error.message;
          throw error;
        },
      );
      const { name, version, source, integrity, samplers } = stored;
      plugins.push({ name, version, source, integrity, samplers, problem });
    }
    if (flags.json) return this.log(JSON.stringify(plugins, null, 2));
    if (plugins.length === 0) return this.log(`no plugins are installed in ${store.folder}`);
    for (const { name, version, source, samplers, problem } of plugins) {
      this.log(`${name} ${version}  ${samplers.join(', ')}\n  from ${source}`);
      if (problem !== null) this.log(`  NOT LOADED: ${problem}`);
    }
    if (plugins.some(({ problem }) => problem !== null)) this.exit(1);
  }
}
