export type { ColumnKind, ColumnSpec } from './parquet/layout.ts';
export { maxRowGroupRows, RecordingWriter, type Sink, type WriterOptions } from './parquet/writer.ts';
export * from './reader/index.ts';
export { openRecording } from './reader/open.ts';
