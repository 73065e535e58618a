export { decodeSnapshot, SnapshotDecoder } from './decode.ts';
export { descriptionsOf } from './descriptions.ts';
export { encodeV2, encodeV3 } from './encode.ts';
export { toJson } from './json.ts';
export * from './prometheus/index.ts';
export { schemaHash } from './schema.ts';
export { snappyCompress } from './snappy.ts';
export { type SnapshotAnswer, SnapshotReader } from './snapshot-reader.ts';
