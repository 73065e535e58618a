export { createEncoder, type PrometheusEncoder } from './encoder.ts';
export { type ExportedMetric, exportedHelp, exportedName, metricOf } from './exported.ts';
export { type Escaping, escapeLabel, escapeName } from './names.ts';
export { type NativeHistogram, toNative, zeroThreshold } from './native.ts';
export { contentType, type Exposition, type Format, negotiate } from './negotiate.ts';
export {
  defaultOptions,
  type ExportCounts,
  type FamilyType,
  type OwnFamily,
  type PrometheusOptions,
} from './options.ts';
export { OtlpEncoder } from './otlp.ts';
export { type ParsedFamily, type ParsedSample, parseExposition } from './parse/index.ts';
export { PrometheusProtobufEncoder } from './protobuf.ts';
export { quantiles } from './quantiles.ts';
export { RemoteWriteEncoder, type RemoteWriteVersion, type WriteRequest } from './remote-write.ts';
export { matchesGlob, parseSelector, type Selector, selects } from './selector.ts';
export { PrometheusTextEncoder } from './text.ts';
