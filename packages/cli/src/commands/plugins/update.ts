import { Args } from '@oclif/core';
import { sentence } from '@rezolus/core';
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
      try {
        const { name, version, integrity } = await installPlugin(store, before.source);
        const isSame = integrity === before.integrity;
        this.log(
          isSame
            ? `${name} ${version} is as it was`
            : `${name} ${before.version} is now ${version}\n  ${integrity}`,
        );
        if (!isSame) updated++;
      } catch (error) {
        // The others are updated all the same.
        this.warn(`${before.name}: ${sentence(error)}`);
        process.exitCode = 1;
      }
    }
    if (updated > 0) this.log(reloadHint);
  }
}
