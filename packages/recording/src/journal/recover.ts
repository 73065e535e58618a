import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RezolusError } from '@rezolus/core/errors';
import { fileKeys } from '../facts.ts';
import { type Assembled, assemble, checkGroups } from './assemble.ts';
import { type Catalogue, readCatalogue } from './catalogue.ts';
import { isFinished, takeOver } from './claim.ts';
import type { Damage } from './frames.ts';
import { JournaledWriter } from './journaled-writer.ts';
import { outputOf, partialOf, partNames } from './layout.ts';
import { countRows, readOpenRows } from './state.ts';

/** RecoverOptions: `output`: another place for the file; what was left behind then stays. */
export interface RecoverOptions {
  readonly output?: string;
  /** progress: bytes of row groups that were checked, and of all. */
  readonly progress?: (done: number, total: number) => void;
}

/** recoveredKey: the file key that says in a sentence that a recording was recovered, and what it lost. */
export const recoveredKey = 'recovered';

/**
 * recoverRecording: makes a Parquet file of what a recorder left behind for the output `path` (or in the folder `path`).
 * Row groups are taken over as they are, rows after them come from the journal up to the first damage, which is named.
 * Without another output it needs no more space than the recorder had reserved, and what was left behind goes. Throws
 * REZ_ERR_RECORDING_FORMAT where nothing was left behind or nothing can be read, REZ_ERR_RECORDING_EMPTY where it holds
 * no rows, REZ_ERR_RECORDING_BUSY where the recorder still runs and REZ_ERR_RECORDING_WRITE.
 */
export async function recoverRecording(path: string, options: RecoverOptions = {}): Promise<Assembled> {
  const folder = partialOf(path);
  const own = outputOf(folder);
  const { output = own, progress } = options;
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    throw new RezolusError('REZ_ERR_RECORDING_FORMAT', `nothing was left behind for ${own}: no ${folder}`);
  }
  await takeOver(folder);
  if (await isFinished(folder)) {
    await rm(folder, { recursive: true, force: true });
    throw new RezolusError('REZ_ERR_RECORDING_EMPTY', `${own} was finished; there was nothing to recover`);
  }
  const catalogue = await readCatalogue(folder);
  if ((await countRows(folder)) === 0) {
    throw new RezolusError('REZ_ERR_RECORDING_EMPTY', `${folder} holds no complete interval`);
  }
  const { groups, damage } = await checkGroups(folder, catalogue.groups, progress);
  if (output === own && damage.length === 0) return finishHere(folder, own);
  const known = catalogue.damage === null ? damage : [catalogue.damage, ...damage];
  const result = await assembleRest(folder, output, { ...catalogue, groups }, known);
  if (output === own) await rm(folder, { recursive: true, force: true });
  return result;
}

async function finishHere(folder: string, output: string): Promise<Assembled> {
  await rm(join(folder, partNames.reserve), { force: true });
  const damage: Damage[] = [];
  const { header, groups } = await readCatalogue(folder);
  const stored = groups.reduce((sum, { rows }) => sum + rows, 0);
  await using writer = await JournaledWriter.resume(folder, header, (found) => damage.push(found));
  const { rows, facts, range } = writer;
  const keys = fileKeys(facts, () => range).set(recoveredKey, describe(rows - stored, damage));
  const size = await writer.finish(output, keys);
  return { output, rows, openRows: rows - stored, size, ...range, damage };
}

async function assembleRest(
  folder: string,
  output: string,
  { groups, columns, facts, header, lastSequence }: Catalogue,
  known: readonly Damage[],
): Promise<Assembled> {
  const open = await readOpenRows(folder, { lastSequence });
  const source = { folder, columns, groups, open, facts, createdBy: header.createdBy };
  const keys = new Map([[recoveredKey, describe(null, known)]]);
  const result = await assemble(source, output, { keys });
  return { ...result, damage: [...known, ...result.damage] };
}

function describe(openRows: number | null, damage: readonly Damage[]): string {
  const from = openRows === null ? '' : ` (${openRows} rows from the journal)`;
  const faults = damage
    .filter(({ torn }) => !torn)
    .map(({ file, offset, reason }) => `; ${file}: ${reason} at byte ${offset}`);
  return `the recorder ended before it finished this file${from}${faults.join('')}`;
}
