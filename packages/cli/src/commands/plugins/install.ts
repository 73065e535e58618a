import { Args } from '@oclif/core';
import { BaseCommand } from '../../base.ts';
import { pluginStore, reloadHint } from '../../plugins.ts';

export default class PluginsInstall extends BaseCommand {
  static override summary = 'Install a plugin: from the registry, a tarball or a folder.';
  static override description =
    `Lifecycle scripts never run. What a plugin needs of Rezolus it gets from the agent; its other dependencies are
installed with it, into a folder of its own. A plugin for another version of the sampler contract is refused.

A word is a package of the registry that npm is set up for; what looks like a path is one.`;
  static override examples = [
    '<%= config.bin %> plugins install rezolus-plugin-nginx',
    '<%= config.bin %> plugins install rezolus-plugin-nginx@1.2.0',
    '<%= config.bin %> plugins install ./rezolus-plugin-nginx-1.2.0.tgz',
    '<%= config.bin %> plugins install ../my-plugin/',
  ];
  static override args = {
    plugin: Args.string({ required: true, description: 'package name, tarball or folder' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(PluginsInstall);
    const { installPlugin } = await import('@rezolus/containment/store');
    const { name, version, samplers, integrity } = await installPlugin(pluginStore(this.config), args.plugin);
    this.log(`installed ${name} ${version} with ${samplers.join(', ')}\n  ${integrity}\n${reloadHint}`);
  }
}
