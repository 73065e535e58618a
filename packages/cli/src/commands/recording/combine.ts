import { Args, Errors, Flags } from '@oclif/core';
import { outputFlag, ToolCommand } from '../../tool.ts';

export default class Combine extends ToolCommand {
  static override summary =
    'Put the recordings of several nodes and services into one file, or two into an A/B archive.';
  static override description =
    `Rows are put on the grid of the shortest interval. A moment at which a recording has no row is empty in its columns;
no row of any recording is left out, whether they overlap or not. Columns get the label node (of agents: the node of the
recording, else its file name) or instance (of services).`;
  static override aliases = ['parquet:combine'];
  static override strict = false;
  static override examples = [
    '<%= config.bin %> recording combine web-1.parquet web-2.parquet vllm.parquet -o all.parquet',
    '<%= config.bin %> recording combine web-1.parquet web-2.parquet --pinned web-1 -o both.parquet',
    '<%= config.bin %> recording combine --ab baseline=before.parquet experiment=after.parquet -o ab.tar',
  ];
  static override args = { files: Args.string({ required: true, description: 'recordings' }) };
  static override flags = {
    output: outputFlag({ required: true, description: 'file to write' }),
    pinned: Flags.string({
      helpValue: 'NODE',
      description: 'the node that the viewer shows first',
      exclusive: ['ab'],
    }),
    ab: Flags.boolean({ description: 'two recordings for comparison: baseline=FILE experiment=FILE' }),
    category: Flags.string({ helpValue: 'NAME', description: 'what is compared', dependsOn: ['ab'] }),
    'bypass-time-check': Flags.boolean({
      hidden: true,
      description: 'of the original; nothing is checked here',
    }),
  };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Combine);
    const files = argv.map(String);
    const tools = await import('@rezolus/recording/tools');
    const progress = this.progress('combining');
    if (flags.ab) {
      const { baseline, experiment } = tools.parseArms(files);
      const options = { ...(flags.category !== undefined && { category: flags.category }), progress };
      await tools.compareRecordings(baseline, experiment, flags.output, options);
      this.log(`put ${baseline.path} and ${experiment.path} into ${flags.output}`);
      return;
    }
    if (files.length < 2) throw new Errors.CLIError('give at least two recordings');
    const { rows, columns, shared, merged, names } = await tools.combineRecordings(files, flags.output, {
      ...(flags.pinned !== undefined && { pinned: flags.pinned }),
      progress,
    });
    this.log(
      `combined ${names.join(', ')} into ${flags.output}: ${rows} rows, ${columns} columns; ${shared} rows have values of all`,
    );
    if (merged > 0) this.warn(`${merged} rows fell on the moment of another row of the same recording`);
  }
}
