// The file tools: `rezolus recording`.
export { type RecoverOptions, recoverRecording } from '../journal/recover.ts';
export { type Annotated, type AnnotateOptions, annotateRecording } from './annotate.ts';
export { type Combined, type CombineOptions, combineRecordings } from './combine.ts';
export { type Arm, compareRecordings, parseArms } from './compare.ts';
export {
  type Converted,
  type ConvertOptions,
  convertRecording,
  defaultOutput,
  detectInput,
  type InputKind,
  upgradeRecording,
} from './convert.ts';
export type { Progress } from './copy-range.ts';
export { parseEvent, parseEvents } from './events.ts';
export { type FilterOptions, filterRecording } from './filter.ts';
export { type RecordingInfo, recordingInfo } from './info.ts';
export { openRez, type RezArchive, type RezRecording } from './rez.ts';
export type { Selected } from './select-columns.ts';
export { loadServices, loadTemplate, type ServiceExtension, sourcesOf } from './services.ts';
