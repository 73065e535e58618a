import { open, realpath } from 'node:fs/promises';
import { arrowSchema, arrowSchemaKey } from '../parquet/arrow-schema.ts';
import { writeFooter } from '../parquet/footer.ts';
import { chunkStart } from '../parquet/footer-reader.ts';
import { type ColumnChunk, magic, type RowGroupMetadata } from '../parquet/format.ts';
import type { ColumnSpec } from '../parquet/layout.ts';
import { columnLayouts, type RecordingColumn } from '../reader/columns.ts';
import { handleSource } from '../reader/file-source.ts';
import { damaged, readFileMetadata } from '../reader/recording.ts';
import { StagingFile } from '../staging-file.ts';
import { copyRange } from './copy-range.ts';
import type { EditOptions } from './edit-keys.ts';

/** Selected: how many columns stayed and went; timestamp and duration are among those that stay. */
export interface Selected {
  readonly kept: number;
  readonly dropped: number;
}

/**
 * selectColumns: a recording with some of its columns; their pages are copied. Timestamp and duration always stay;
 * columns that are no series go. Throws REZ_ERR_RECORDING_FORMAT and REZ_ERR_RECORDING_WRITE.
 */
export async function selectColumns(
  path: string,
  keep: (column: RecordingColumn) => boolean,
  edit: (keys: Map<string, string>) => void,
  options: EditOptions = {},
): Promise<Selected> {
  await using input = await open(path, 'r').catch((cause) => {
    throw damaged(cause);
  });
  const file = await readFileMetadata(await handleSource(input)).catch((cause) => {
    throw damaged(cause);
  });
  const all = columnLayouts(file);
  const layouts = all.filter(({ column }) => {
    if (column.kind === 'other') return false;
    return column.kind === 'timestamp' || column.kind === 'duration' || keep(column);
  });
  await using output = await StagingFile.create(options.output ?? (await realpath(path)));
  await output.write([magic]);
  const groups: RowGroupMetadata[] = [];
  for (const [index, { rows, chunks }] of file.rowGroups.entries()) {
    const moved: ColumnChunk[] = [];
    for (const { leaf } of layouts) {
      const chunk = chunks[leaf]!;
      const start = chunkStart(chunk);
      const shift = output.size - start;
      await copyRange(input, start, start + chunk.compressedSize, output);
      const { dataPageOffset, dictionaryPageOffset = 0 } = chunk;
      moved.push({
        ...chunk,
        dataPageOffset: dataPageOffset + shift,
        dictionaryPageOffset: dictionaryPageOffset > 0 ? dictionaryPageOffset + shift : undefined,
      });
    }
    groups.push({ rows, chunks: moved });
    options.progress?.(index + 1, file.rowGroups.length);
  }
  const keys = new Map(file.keyValues);
  edit(keys);
  const specs = layouts.map(({ column: { name, kind, metadata, float = false } }) => {
    return { name, kind, metadata, ...(float && { float }) } as ColumnSpec;
  });
  keys.set(arrowSchemaKey, arrowSchema(specs));
  const root = { name: file.schema[0]?.name ?? 'arrow_schema', children: layouts.length };
  const footer = writeFooter({
    schema: [root, ...layouts.flatMap(({ elements }) => elements)],
    rowGroups: groups,
    rows: file.rows,
    keyValues: keys,
    createdBy: file.createdBy,
  });
  await output.write([footer]);
  await output.commit();
  return { kept: layouts.length, dropped: all.length - layouts.length };
}
