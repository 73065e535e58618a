// What a browser may import: no module under it needs Node.
export type { GroupColumn, GroupDecoder } from '../source/decode-group.ts';
export { type RecordingSourceOptions, recordingSource } from '../source.ts';
export type { RecordingColumn } from './columns.ts';
export type { ColumnData, FloatData, HistogramData, ScalarData } from './data.ts';
export { blobSource, type RangeSource } from './range-source.ts';
export { openRecordingSource, type Recording, type RowGroup } from './recording.ts';
