import { open } from 'node:fs/promises';
import { columnLayouts } from '../reader/columns.ts';
import { handleSource } from '../reader/file-source.ts';
import { damaged, readFileMetadata } from '../reader/recording.ts';

/** RecordingInfo: what a recording says of itself, in the form of the original's `metadata --json`. */
export interface RecordingInfo {
  /** File keys; values that are JSON are parsed. `ARROW:schema` is left out. */
  readonly file_metadata: Readonly<Record<string, unknown>>;
  readonly geometry: {
    readonly num_columns: number;
    readonly num_rows: number;
    readonly row_groups: readonly {
      readonly index: number;
      readonly num_rows: number;
      readonly total_byte_size: number;
    }[];
  };
  readonly schema: readonly {
    readonly name: string;
    readonly type: string;
    readonly nullable: boolean;
    readonly metadata: Readonly<Record<string, string>>;
  }[];
}

/** recordingInfo: reads the footer of a Parquet recording. Throws REZ_ERR_RECORDING_FORMAT where it is none. */
export async function recordingInfo(path: string): Promise<RecordingInfo> {
  try {
    await using input = await open(path, 'r');
    const file = await readFileMetadata(await handleSource(input));
    const layouts = columnLayouts(file);
    const keys = [...file.keyValues].filter(([key]) => key !== 'ARROW:schema');
    return {
      file_metadata: Object.fromEntries(keys.map(([key, value]) => [key, parsed(value)])),
      geometry: {
        num_columns: layouts.length,
        num_rows: file.rows,
        row_groups: file.rowGroups.map(({ rows, chunks }, index) => ({
          index,
          num_rows: rows,
          total_byte_size: chunks.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0),
        })),
      },
      schema: layouts.map(({ column: { name, kind, float, metadata }, elements }) => ({
        name,
        type: float === true ? 'Float64' : typeNames[kind],
        nullable: elements[0]?.repetition !== 0,
        metadata,
      })),
    };
  } catch (cause) {
    throw damaged(cause);
  }
}

const typeNames = {
  timestamp: 'UInt64',
  duration: 'UInt64',
  counter: 'UInt64',
  gauge: 'Int64',
  histogram: 'List(UInt64)',
  other: 'other',
} as const;

/** parsed: JSON objects and lists as what they are; times in them may be beyond 2^53, so numbers stay text then. */
function parsed(value: string): unknown {
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value, (_, inner, context?: { source?: string }) =>
      typeof inner === 'number' && !Number.isSafeInteger(inner) && /^-?\d+$/.test(context?.source ?? '')
        ? context!.source
        : inner,
    );
  } catch {
    return value;
  }
}
