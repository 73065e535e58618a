import { RezolusError } from '@rezolus/core/errors';
import { openRecording } from '../reader/open.ts';
import { StagingFile } from '../staging-file.ts';
import type { Progress } from './copy-range.ts';
import { sourcesOf } from './services.ts';
import { endTar, writeTarEntry } from './tar.ts';

/** Arm: one side of a comparison: a recording and what to call it. */
export interface Arm {
  readonly path: string;
  readonly alias: string;
}

/**
 * compareRecordings: two recordings, unchanged, in one archive for A/B: a tar of `baseline.parquet`,
 * `experiment.parquet` and `ab.json`, as the original's viewer takes it. Throws REZ_ERR_RECORDING_FORMAT and _WRITE.
 */
export async function compareRecordings(
  baseline: Arm,
  experiment: Arm,
  output: string,
  { category, progress }: { category?: string; progress?: Progress } = {},
): Promise<void> {
  const describe = async ({ path, alias }: Arm) => {
    await using recording = await openRecording(path);
    return { alias, sources: sourcesOf(recording.metadata) };
  };
  const manifest = {
    version: 1,
    baseline: await describe(baseline),
    experiment: await describe(experiment),
    ...(category !== undefined && { category }),
  };
  await using file = await StagingFile.create(output);
  await writeTarEntry(file, 'baseline.parquet', baseline, progress);
  await writeTarEntry(file, 'experiment.parquet', experiment, progress);
  await writeTarEntry(file, 'ab.json', Buffer.from(JSON.stringify(manifest)));
  await endTar(file);
  await file.commit();
}

/** parseArm: `name=path`, where the name is `baseline` or `experiment`. Throws REZ_ERR_CONFIG_INVALID. */
export function parseArms(texts: readonly string[]): { baseline: Arm; experiment: Arm } {
  const arms = new Map(
    texts.map((text): [string, Arm] => {
      const split = text.indexOf('=');
      return [text.slice(0, split), { path: text.slice(split + 1), alias: text.slice(0, split) }];
    }),
  );
  const [baseline, experiment] = [arms.get('baseline'), arms.get('experiment')];
  if (texts.length !== 2 || baseline === undefined || experiment === undefined) {
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', 'expected baseline=FILE and experiment=FILE');
  }
  return { baseline, experiment };
}
