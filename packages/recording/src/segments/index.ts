// What a rolling buffer is made of: recordings that follow each other, the last of them being written.
export type { RecordingFacts } from '../facts.ts';
export { JournaledWriter } from '../journal/journaled-writer.ts';
export { partialOf, partialSuffix, partNames } from '../journal/layout.ts';
export { isAlive, keepAlive, type Owner, parseOwner, thisProcess } from '../journal/owner.ts';
export { recoverRecording } from '../journal/recover.ts';
export { eventText } from '../recorder/describe.ts';
export { RestartWatch } from '../recorder/restarts.ts';
export { type Concatenated, type ConcatenateOptions, concatenate } from './concatenate.ts';
export { assembleLive } from './live.ts';
export { runningFolder } from './running.ts';
