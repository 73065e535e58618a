import { Args, Flags } from '@oclif/core';
import { durationFlag, parsePair } from '../../flags.ts';
import { outputFlag, readText, ToolCommand } from '../../tool.ts';

export default class Convert extends ToolCommand {
  static override summary = 'Convert raw recordings, .rez archives and Prometheus text to Parquet.';
  static override description =
    `What a file is, is told from its content. Raw recordings may be compressed with ZSTD, and cut off at the end. Of
Prometheus or OpenMetrics text there may be several files; samples without a time get that of their file, or, where a file
holds several answers that end in "# EOF", one interval apart. Of a .rez archive with several recordings a file each.`;
  static override aliases = ['parquet:convert'];
  static override strict = false;
  static override examples = [
    '<%= config.bin %> recording convert rezolus.raw',
    '<%= config.bin %> recording convert rezolus.raw.zst -o rezolus.parquet --systeminfo systeminfo.json -m run=42',
    '<%= config.bin %> recording convert archive.rez -o archive.parquet',
    '<%= config.bin %> recording convert scrape-*.prom -o service.parquet -m source=vllm',
  ];
  static override args = {
    files: Args.string({ required: true, description: 'a file, or several of Prometheus text' }),
  };
  static override flags = {
    output: outputFlag({ description: 'file to write [default: the name of the first with .parquet]' }),
    interval: durationFlag({ description: 'time between two rows [default: found out]' }),
    systeminfo: Flags.string({
      helpValue: 'FILE',
      description: 'system information, JSON; - = standard input',
    }),
    descriptions: Flags.string({
      helpValue: 'FILE',
      description: 'sentences by metric, JSON; - = standard input',
    }),
    metadata: Flags.string({
      char: 'm',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
      description: 'an entry of the file metadata; may be repeated',
    }),
    force: Flags.boolean({ description: 'replace an output that is there' }),
  };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Convert);
    const [first, ...rest] = argv.map(String) as [string, ...string[]];
    const { convertRecording, defaultOutput } = await import('@rezolus/recording/tools');
    const { interval, systeminfo, descriptions, force } = flags;
    const { outputs, notes } = await convertRecording(
      [first, ...rest],
      flags.output ?? defaultOutput(first),
      {
        ...(interval !== undefined && { intervalMs: interval }),
        ...(systeminfo !== undefined && { systeminfo: await readText(systeminfo) }),
        ...(descriptions !== undefined && { descriptions: await readText(descriptions) }),
        metadata: Object.fromEntries((flags.metadata ?? []).map(parsePair)),
        force,
        progress: this.progress('converting'),
      },
    );
    for (const note of notes) this.warn(note);
    for (const { path, rows, series } of outputs) this.log(`wrote ${path}: ${rows} rows, ${series} series`);
  }
}
