export type {
  BpfIterator,
  BpfLoader,
  BpfObject,
  BpfObjectSpec,
  FieldSpec,
  MappedMap,
  MapSpec,
  ProgramInfo,
  ProgramSpec,
  StructSpec,
  VariableSpec,
} from './bpf.ts';
export { parseCpuList, possibleCpus } from './cpus.ts';
export { formatDuration, parseDuration } from './duration.ts';
export { type ErrorCode, errorCatalogue, RezolusError, sentence, UnsupportedError } from './errors.ts';
export { type Clock, MetricGroup, systemClock } from './group.ts';
export {
  bucketBounds,
  bucketCount,
  bucketIndex,
  bucketLower,
  bucketUpper,
  defaultHistogram,
  type HistogramConfig,
  isHistogramConfig,
} from './histogram.ts';
export { type ListenAddress, listenHosts, listenText, parseListen } from './listen.ts';
export { type Logger, silentLogger } from './log.ts';
export {
  type Entity,
  type GroupDeclaration,
  type Member,
  type MetricDeclaration,
  type MetricKind,
  withSums,
} from './metrics.ts';
export {
  defaultOptions,
  type OptionDeclaration,
  type OptionDeclarations,
  type OptionValues,
} from './options.ts';
export { type PluginEntry, registerPlugins } from './plugins.ts';
export { Poller } from './poller.ts';
export { type PluginManifest, type Refusal, type Registration, SamplerRegistry } from './registry.ts';
export {
  ABI,
  defineSampler,
  type RouteDeclaration,
  type SampledGroup,
  type Sampler,
  type SamplerContext,
  type SamplerDefinition,
  type SamplerRegistrar,
  type SamplersHook,
} from './sampler.ts';
export {
  type RefreshTime,
  type SamplerPlan,
  SamplerSet,
  type SamplerSetOptions,
  type SamplerSettings,
} from './sampler-set.ts';
export type {
  GroupSchema,
  HistogramValue,
  Labels,
  SchemaHash,
  SeriesSchema,
  Snapshot,
  SnapshotGroup,
  Window,
} from './snapshot.ts';
export {
  healthOf,
  type ProcessStatus,
  type ProgramStatus,
  type SamplerHealth,
  type SamplerReport,
  type SamplerStatus,
  type Verdict,
} from './status.ts';
export { alignedTicks, type Tick } from './ticks.ts';
