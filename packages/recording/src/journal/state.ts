import { readFile } from 'node:fs/promises';
import type { ColumnSpec } from '../parquet/layout.ts';
import { type Catalogue, readCatalogue, takeColumns } from './catalogue.ts';
import { type Damage, type Frame, readFrames } from './frames.ts';
import { frameType, partNames, partPath } from './layout.ts';
import { RowDecoder, type RowTarget } from './row-decoder.ts';

/** RowsFile: the row frames of one row group that is not whole, and where they end. */
export interface RowsFile {
  readonly sequence: number;
  readonly frames: readonly Frame[];
  readonly label: string;
  readonly damage: Damage | null;
}

/** readRows: the rows file of a row group up to its first damage, or null where there is none. */
export async function readRows(folder: string, sequence: number): Promise<RowsFile | null> {
  const { path, label } = partPath(folder, partNames.rows(sequence));
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (bytes === null) return null;
  return { sequence, label, ...readFrames(label, bytes) };
}

/** readOpenRows: the rows files of all row groups after the last whole one. */
export async function readOpenRows(
  folder: string,
  { lastSequence }: Pick<Catalogue, 'lastSequence'>,
): Promise<RowsFile[]> {
  const files: RowsFile[] = [];
  for (let sequence = lastSequence + 1; ; sequence++) {
    const file = await readRows(folder, sequence);
    if (file === null) return files;
    files.push(file);
  }
}

/**
 * replay: hands the rows of a file to `target`, adding its columns to `columns`. Stops at the first frame that makes no
 * sense; returns the damage of the file, if any, and how many rows came before it.
 */
export function replay(
  file: RowsFile,
  columns: ColumnSpec[],
  target: RowTarget & { endRow(): void },
): { rows: number; damage: Damage | null } {
  const decoder = new RowDecoder(columns);
  let rows = 0;
  for (const { type, payload, offset } of file.frames) {
    try {
      if (type === frameType.columns) takeColumns(columns, payload);
      else if (type === frameType.row) {
        decoder.decode(payload, target);
        target.endRow();
        rows++;
      } else throw new RangeError(`frame of unknown type ${type}`);
    } catch (error) {
      return { rows, damage: { file: file.label, offset, reason: String(error), torn: false } };
    }
  }
  return { rows, damage: file.damage };
}

/** countRows: the rows in a folder that was left behind; 0 where it cannot be read. */
export async function countRows(folder: string): Promise<number> {
  const catalogue = await readCatalogue(folder).catch(() => null);
  if (catalogue === null) return 0;
  const open = await readOpenRows(folder, catalogue);
  const inRows = open.flatMap(({ frames }) => frames).filter(({ type }) => type === frameType.row).length;
  return catalogue.groups.reduce((sum, { rows }) => sum + rows, 0) + inRows;
}
