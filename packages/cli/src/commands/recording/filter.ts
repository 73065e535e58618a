import { Args, Flags } from '@oclif/core';
import { outputFlag, ToolCommand } from '../../tool.ts';

const names = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

export default class Filter extends ToolCommand {
  static override summary = 'Keep only some series of a recording.';
  static override description =
    `By service queries (--queries, --templates, else those in the recording): the metrics that they use, and everything of
Rezolus itself. By --samplers and --metrics: just those. Without --output the file is replaced.`;
  static override aliases = ['parquet:filter'];
  static override examples = [
    '<%= config.bin %> recording filter rezolus.parquet --samplers cpu_usage,syscall_latency -o small.parquet',
    '<%= config.bin %> recording filter rezolus.parquet --metrics cpu_usage',
    '<%= config.bin %> recording filter vllm.parquet --queries vllm.json',
  ];
  static override args = { file: Args.string({ required: true, description: 'a recording' }) };
  static override flags = {
    queries: Flags.string({ helpValue: 'FILE', description: 'service queries, JSON' }),
    templates: Flags.string({ helpValue: 'FOLDER', description: 'the same from <source>.json of a folder' }),
    samplers: Flags.string({ helpValue: 'A,B', description: 'keep series of these samplers' }),
    metrics: Flags.string({ helpValue: 'A,B', description: 'keep these metrics' }),
    output: outputFlag({ description: 'file to write [default: FILE itself]' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Filter);
    const tools = await import('@rezolus/recording/tools');
    const { queries, templates, samplers, metrics, output } = flags;
    const services =
      queries !== undefined
        ? await tools.loadServices(queries)
        : templates !== undefined
          ? await tools.loadTemplate(templates, await keysOf(args.file))
          : undefined;
    const { kept, dropped } = await tools.filterRecording(args.file, {
      ...(services !== undefined && { services }),
      ...(samplers !== undefined && { samplers: names(samplers) }),
      ...(metrics !== undefined && { metrics: names(metrics) }),
      ...(output !== undefined && { output }),
      progress: this.progress('filtering'),
    });
    this.log(`kept ${kept} columns, dropped ${dropped}: ${output ?? args.file}`);
  }
}

async function keysOf(path: string): Promise<ReadonlyMap<string, string>> {
  const { openRecording } = await import('@rezolus/recording');
  await using recording = await openRecording(path);
  return recording.metadata;
}
