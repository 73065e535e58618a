import { type Assembled, type AssembleOptions, assemble } from '../journal/assemble.ts';
import { readCatalogue } from '../journal/catalogue.ts';
import { readOpenRows } from '../journal/state.ts';

/**
 * assembleLive: the recording in `folder`, which another thread or process is writing, as a Parquet file: every row
 * that was in the journal when this was called. Throws an error with the code ENOENT where the writer stored a row group
 * or finished meanwhile: what was looked for is in another file then, so try again.
 */
export async function assembleLive(
  folder: string,
  output: string,
  options: AssembleOptions = {},
): Promise<Assembled> {
  const { groups, columns, facts, header, lastSequence } = await readCatalogue(folder);
  const open = await readOpenRows(folder, { lastSequence });
  const after = await readCatalogue(folder);
  if (after.lastSequence !== lastSequence)
    throw Object.assign(new Error('the recording went on'), { code: 'ENOENT' });
  return assemble({ folder, columns, groups, open, facts, createdBy: header.createdBy }, output, options);
}
