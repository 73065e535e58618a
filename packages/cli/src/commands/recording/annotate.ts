import { Args, Errors, Flags } from '@oclif/core';
import { readText, ToolCommand } from '../../tool.ts';

export default class Annotate extends ToolCommand {
  static override summary = 'Add events, service queries or names to a recording.';
  static override description =
    `The file is replaced at once when the new one is whole; samples stay byte for byte. Events are sorted by time; of
events with one id the first stays. Times are nanoseconds or RFC 3339.`;
  static override aliases = ['parquet:annotate'];
  static override examples = [
    '<%= config.bin %> recording annotate rezolus.parquet --node web-1',
    `<%= config.bin %> recording annotate rezolus.parquet --event 'time=2026-01-31T12:00Z,description="deploy, v2",kind=deploy'`,
    '<%= config.bin %> recording annotate rezolus.parquet --clear-events --add-events events.json',
    '<%= config.bin %> recording annotate vllm.parquet --queries vllm.json --filter',
  ];
  static override args = { file: Args.string({ required: true, description: 'a recording' }) };
  static override flags = {
    queries: Flags.string({ helpValue: 'FILE', description: 'queries that show the service, JSON' }),
    templates: Flags.string({
      helpValue: 'FOLDER',
      description: 'the same from <source>.json of a folder',
      exclusive: ['queries'],
    }),
    undo: Flags.boolean({ description: 'remove the service queries', exclusive: ['queries', 'templates'] }),
    filter: Flags.boolean({ description: 'then keep only the series that the queries use' }),
    node: Flags.string({ helpValue: 'NAME', description: 'set the node' }),
    source: Flags.string({ helpValue: 'NAME', description: 'set the source' }),
    overwrite: Flags.boolean({ description: 'let --source change one that is there' }),
    systeminfo: Flags.string({
      helpValue: 'FILE',
      description: 'set the system information, JSON; - = standard input',
    }),
    'add-events': Flags.string({
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
      description: 'add events of a file, JSON or JSON lines; - = standard input; may be repeated',
    }),
    event: Flags.string({
      helpValue: 'KEY=VALUE,…',
      multiple: true,
      multipleNonGreedy: true,
      description:
        'add an event: time, description, kind, details, source, node, instance, id, duration, label.<name>',
    }),
    'clear-events': Flags.boolean({ description: 'remove the events that are there first' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Annotate);
    const tools = await import('@rezolus/recording/tools');
    const { queries, templates, undo, filter, node, source, overwrite, event = [] } = flags;
    const files = flags['add-events'] ?? [];
    if (Object.keys(flags).length === 0) {
      throw new Errors.CLIError('there is nothing to add: give --queries, --event, --node or another flag');
    }
    const keys = new Map(
      Object.entries((await tools.recordingInfo(args.file)).file_metadata).map(([key, value]) => [
        key,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    );
    const services = undo
      ? null
      : queries !== undefined
        ? await tools.loadServices(queries)
        : templates !== undefined
          ? await tools.loadTemplate(templates, keys)
          : undefined;
    const events = [
      ...(await Promise.all(files.map(async (path) => tools.parseEvents(await readText(path), path)))).flat(),
      ...event.map(tools.parseEvent),
    ];
    const progress = this.progress('annotating');
    const result = await tools.annotateRecording(args.file, {
      ...(services !== undefined && { services }),
      ...(node !== undefined && { node }),
      ...(source !== undefined && { source, overwrite }),
      ...(flags.systeminfo !== undefined && { systeminfo: await readText(flags.systeminfo) }),
      events,
      clearEvents: flags['clear-events'],
      progress,
    });
    const parts = [
      ...(result.queries > 0 ? [`${result.available} of ${result.queries} queries have an answer`] : []),
      ...(events.length > 0 ? [`${events.length} events added`] : []),
    ];
    this.log(`annotated ${args.file}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`);
    if (!filter) return;
    const { kept, dropped } = await tools.filterRecording(args.file, { progress });
    this.log(`kept ${kept} columns, dropped ${dropped}`);
  }
}
