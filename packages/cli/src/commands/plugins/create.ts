import { Args, Flags } from '@oclif/core';
import type { Template } from '@rezolus/create-sampler';
import { BaseCommand } from '../../base.ts';

export default class PluginsCreate extends BaseCommand {
  static override summary = 'Make the package of a sampler of your own, build and test it.';
  static override description =
    `Does what \`npm create @rezolus/sampler\` does: writes the package into a folder, installs what it is built with, builds
it, runs its tests against this machine and shows what it measures. Needs npm, and for the template bpf clang and
root. docs/writing-a-plugin.md goes on from there.`;
  static override examples = [
    '<%= config.bin %> plugins:create my-sampler',
    '<%= config.bin %> plugins:create nfs-latency --template procfs',
    '<%= config.bin %> plugins:create my-sampler --no-install',
  ];
  static override args = {
    folder: Args.string({
      required: true,
      description: "folder to make; its last part is the sampler's name, two or more words joined by -",
    }),
  };
  static override flags = {
    template: Flags.option({
      char: 't',
      options: ['bpf', 'procfs', 'library'] as const satisfies readonly Template[],
      default: 'bpf' as const,
      description: 'where the values come from: a BPF program, a file of /proc or /sys, a C library',
    })(),
    install: Flags.boolean({
      default: true,
      allowNo: true,
      description: 'install, build, test and show; without it the files are only written',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PluginsCreate);
    const { createSampler } = await import('@rezolus/create-sampler');
    createSampler(args.folder, flags.template, flags.install ? 'all' : 'none', (line) => this.log(line));
  }
}
