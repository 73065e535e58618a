import { Args } from '@oclif/core';
import { BaseCommand } from '../../base.ts';
import { pluginStore, reloadHint } from '../../plugins.ts';

export default class PluginsUpdate extends BaseCommand {
  static override summary = 'Install plugins again from where they came from.';
  static override description =
    `A package of the registry is looked up anew: the newest version where none was asked for, else what the
version or tag behind its @ now means. Tarballs and folders are read again.`;
  static override examples = [
    '<%= config.bin %> plugins update',
    '<%= config.bin %> plugins update rezolus-plugin-nginx',
  ];
  static override args = { name: Args.string({ description: 'name of the plugin; default: all' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(PluginsUpdate);
    const { installPlugin } = await import('@rezolus/containment/store');
    const store = pluginStore(this.config);
    const plugins = args.name === undefined ? await store.list() : [await store.find(args.name)];
    let updated = 0;
    for (const before of plugins) {
      const { name, version, integrity } = await installPlugin(store, before.source);
      if (integrity === before.integrity) this.log(`${name} ${version} is as it was`);
      else this.log(`${name} ${before.version} is now ${version}\n  ${integrity}`);
      if (integrity !== before.integrity) updated++;
    }
    if (updated > 0) this.log(reloadHint);
  }
}
