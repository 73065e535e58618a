export { alignedTicks, type Tick } from '@rezolus/core';
export {
  emptyFacts,
  fileKeys,
  type RecordingEvent,
  type RecordingFacts,
  type SampleRange,
  type SourceFacts,
} from './facts.ts';
export type { Assembled, AssembleOptions } from './journal/assemble.ts';
export type { Damage } from './journal/frames.ts';
export { JournaledWriter } from './journal/journaled-writer.ts';
export { outputOf, partialOf } from './journal/layout.ts';
export { type RecoverOptions, recoveredKey, recoverRecording } from './journal/recover.ts';
export type { ColumnKind, ColumnSpec } from './parquet/layout.ts';
export type { RowSink } from './parquet/row-sink.ts';
export { maxRowGroupRows, RecordingWriter, type Sink, type WriterOptions } from './parquet/writer.ts';
export { type Exposition, parsePrometheus } from './prometheus/parse.ts';
export * from './reader/index.ts';
export { openRecording } from './reader/open.ts';
export { type AgentOptions, openAgent } from './recorder/agent-endpoint.ts';
export { loadRecordConfig, type RecordConfig, type RecordFormat } from './recorder/config.ts';
export type { Endpoint, EndpointFacts, PrometheusEndpoint } from './recorder/endpoint.ts';
export { type EndpointSpec, type Protocol, parseEndpointSpec } from './recorder/endpoint-spec.ts';
export { openEndpoint } from './recorder/open-endpoint.ts';
export type { RecordOptions, RecordProgress, RecordSummary } from './recorder/options.ts';
export { recordRaw } from './recorder/raw.ts';
export { record } from './recorder/record.ts';
export { recordSeparately } from './recorder/separate.ts';
export { SnapshotWriter } from './recorder/snapshot-writer.ts';
export { startWrapped, type Wrapped } from './recorder/wrapped.ts';
export { DecodeHelper } from './source/decode-helper.ts';
export { StagingFile } from './staging-file.ts';
