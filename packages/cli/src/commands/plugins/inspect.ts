import { Args, Flags } from '@oclif/core';
import { silentLogger } from '@rezolus/core';
import { BaseCommand } from '../../base.ts';
import { durationFlag } from '../../flags.ts';
import { inspection, renderInspection } from '../../inspection.ts';
import { pluginStore } from '../../plugins.ts';

export default class PluginsInspect extends BaseCommand {
  static override summary = 'Show what an installed plugin measures, by which hooks, and what it costs.';
  static override description =
    `The plugin is asked what it registers in a process without powers. As root its samplers then run for a moment, in
a process of their own, whether the agent runs them or not: which hooks are attached, and what they cost, is measured.`;
  static override examples = [
    '<%= config.bin %> plugins inspect rezolus-plugin-nginx',
    '<%= config.bin %> plugins inspect rezolus-plugin-nginx --duration 10s --json',
  ];
  static override args = { name: Args.string({ required: true, description: 'name of the plugin' }) };
  static override flags = {
    duration: durationFlag({ default: 1000, defaultHelp: async () => '1s', description: 'how long it runs' }),
    json: Flags.boolean({ description: 'print JSON' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PluginsInspect);
    const store = pluginStore(this.config);
    const shown = await inspection(
      await store.open(await store.find(args.name)),
      flags.duration,
      silentLogger,
    );
    this.log(flags.json ? JSON.stringify(shown, null, 2) : renderInspection(shown));
  }
}
