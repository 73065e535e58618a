import { Args, Flags } from '@oclif/core';
import { outputFlag, ToolCommand } from '../../tool.ts';

export default class Upgrade extends ToolCommand {
  static override summary = 'Bring an older recording into the form of this version.';
  static override description =
    `Takes .rez archives of the versions 1 to 3, and Parquet recordings of any version, which get smaller. Values, labels
and metadata stay.`;
  static override aliases = ['parquet:upgrade'];
  static override examples = [
    '<%= config.bin %> recording upgrade old.rez',
    '<%= config.bin %> recording upgrade old.parquet -o new.parquet',
  ];
  static override args = { file: Args.string({ required: true, description: 'an archive or a recording' }) };
  static override flags = {
    output: outputFlag({ description: 'file to write [default: FILE itself, or its name with .parquet]' }),
    force: Flags.boolean({ description: 'replace an output that is there' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Upgrade);
    const { defaultOutput, detectInput, upgradeRecording } = await import('@rezolus/recording/tools');
    const inPlace = (await detectInput(args.file)) === 'parquet';
    const output = flags.output ?? (inPlace ? args.file : defaultOutput(args.file));
    const { outputs, notes } = await upgradeRecording(args.file, output, {
      force: flags.force || output === args.file,
      progress: this.progress('upgrading'),
    });
    for (const note of notes) this.warn(note);
    for (const { path, rows, series } of outputs) this.log(`wrote ${path}: ${rows} rows, ${series} series`);
  }
}
