import { Args } from '@oclif/core';
import { BaseCommand } from '../../base.ts';
import { pluginStore, reloadHint } from '../../plugins.ts';

export default class PluginsUninstall extends BaseCommand {
  static override summary = 'Remove a plugin.';
  static override examples = ['<%= config.bin %> plugins uninstall rezolus-plugin-nginx'];
  static override aliases = ['plugins:remove'];
  static override args = { name: Args.string({ required: true, description: 'name of the plugin' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(PluginsUninstall);
    const store = pluginStore(this.config);
    const stored = await store.find(args.name);
    await store.remove(stored);
    this.log(`removed ${stored.name} ${stored.version}\n${reloadHint}`);
  }
}
