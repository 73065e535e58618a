import { Args } from '@oclif/core';
import { outputFlag, ToolCommand } from '../../tool.ts';

export default class Recover extends ToolCommand {
  static override summary =
    'Make a file of what a recorder left behind that was killed, or ran out of power or space.';
  static override description =
    `Row groups are taken over as they are, the rows after them come from the journal; at most the interval in flight is
lost. What is damaged is named and left out. Without --output the file gets its name and FILE.partial goes.`;
  static override aliases = ['parquet:recover'];
  static override examples = [
    '<%= config.bin %> recording recover rezolus.parquet',
    '<%= config.bin %> recording recover rezolus.parquet.partial -o /mnt/other/rezolus.parquet',
  ];
  static override args = {
    file: Args.string({
      required: true,
      description: 'the output of the recorder, or the folder FILE.partial',
    }),
  };
  static override flags = {
    output: outputFlag({ description: 'write the file there and leave what was left behind' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Recover);
    const { recoverRecording } = await import('@rezolus/recording/tools');
    const { output, rows, openRows, damage } = await recoverRecording(args.file, {
      ...(flags.output !== undefined && { output: flags.output }),
      progress: this.progress('checking'),
    });
    for (const { file, offset, reason, torn } of damage) {
      if (!torn) process.stderr.write(`damaged: ${file}, byte ${offset}: ${reason}; what follows is lost\n`);
    }
    this.log(`recovered ${rows} rows into ${output}, ${openRows} of them from the journal`);
  }
}
