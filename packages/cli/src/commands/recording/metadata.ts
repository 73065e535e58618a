import { Args, Errors, Flags } from '@oclif/core';
import type { RecordingInfo } from '@rezolus/recording/tools';
import { ToolCommand } from '../../tool.ts';

export default class Metadata extends ToolCommand {
  static override summary = 'Show what a recording says of itself.';
  static override description = 'Of a .rez archive: its recordings and their tables.';
  static override aliases = ['parquet:metadata'];
  static override examples = [
    '<%= config.bin %> recording metadata rezolus.parquet',
    '<%= config.bin %> recording metadata rezolus.parquet --field systeminfo',
    '<%= config.bin %> recording metadata -i rezolus.parquet --schema --json',
  ];
  static override args = { file: Args.string({ description: 'a recording, the same as --input' }) };
  static override flags = {
    input: Flags.string({ char: 'i', helpValue: 'FILE', description: 'a recording' }),
    schema: Flags.boolean({ description: 'only the columns', exclusive: ['file', 'geometry', 'field'] }),
    file: Flags.boolean({ description: 'only the file metadata', exclusive: ['geometry', 'field'] }),
    geometry: Flags.boolean({ description: 'only rows and row groups', exclusive: ['field'] }),
    field: Flags.string({ helpValue: 'KEY', description: 'only this entry of the file metadata, as it is' }),
    json: Flags.boolean({ description: 'as JSON' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Metadata);
    const path = args.file ?? flags.input;
    if (path === undefined) throw new Errors.CLIError('give a recording: as argument or with --input');
    const { detectInput, recordingInfo } = await import('@rezolus/recording/tools');
    if ((await detectInput(path)) === 'rez') return this.#archive(path, flags.json);
    if (flags.field !== undefined) return this.#field(path, flags.field);
    const info = await recordingInfo(path);
    const parts: Partial<RecordingInfo> = flags.schema
      ? { schema: info.schema }
      : flags.file
        ? { file_metadata: info.file_metadata }
        : flags.geometry
          ? { geometry: info.geometry }
          : info;
    this.log(flags.json ? JSON.stringify(parts, null, 2) : infoText(parts));
  }

  async #field(path: string, key: string): Promise<void> {
    const { openRecording } = await import('@rezolus/recording');
    await using recording = await openRecording(path);
    const value = recording.metadata.get(key);
    if (value === undefined) throw new Errors.CLIError(`${path} has no entry "${key}"`);
    this.log(value);
  }

  async #archive(path: string, json: boolean): Promise<void> {
    const { openRez } = await import('@rezolus/recording/tools');
    await using archive = await openRez(path);
    const recordings = archive.recordings.map(({ labels, metadata, complete, tables }) => ({
      labels,
      metadata,
      complete,
      tables: tables.map(({ name, segments, rest }) => ({
        sampler: name,
        segments: segments.length,
        live_wal_rows: rest.length,
      })),
    }));
    if (json) {
      this.log(JSON.stringify({ version: archive.version, recordings }, null, 2));
      return;
    }
    this.log(`.rez archive v${archive.version}: ${recordings.length} recording(s)`);
    for (const { labels, complete, tables } of recordings) {
      const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      this.log(`recording ${pairs.join(' ')}${complete ? '' : '  (not cleanly finalized)'}`);
      for (const { sampler, segments, live_wal_rows: rows } of tables) {
        this.log(`  ${sampler}  ${segments} segments, ${rows} rows not in one`);
      }
    }
  }
}

function infoText({ file_metadata: file, geometry, schema }: Partial<RecordingInfo>): string {
  const lines: string[] = [];
  for (const [key, value] of Object.entries(file ?? {})) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    lines.push(`${key} = ${text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text}`);
  }
  if (geometry !== undefined) {
    const groups = geometry.row_groups.length;
    lines.push(`${geometry.num_columns} columns, ${geometry.num_rows} rows in ${groups} row groups`);
  }
  for (const { name, type, metadata } of schema ?? []) {
    const labels = Object.entries(metadata).map(([key, value]) => `${key}=${value}`);
    lines.push(`${name}  ${type}  ${labels.join(' ')}`);
  }
  return lines.join('\n');
}
