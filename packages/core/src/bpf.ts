import type { ProgramStatus } from './status.ts';

/** FieldSpec: where a field lies in a struct. */
export interface FieldSpec {
  /** Bytes from the start of the outermost struct. */
  readonly offset: number;
  /** Bytes of one element. */
  readonly size: number;
  /** Number of elements; 1 for a scalar. */
  readonly count: number;
  /** Extents of an array of arrays, outermost first; their product is `count`. */
  readonly dims?: readonly number[];
  /** True for signed integers. */
  readonly signed?: boolean;
  /** Name in `structs` of the element type of an array of structs. */
  readonly struct?: string;
}

/** StructSpec: the layout of a C struct. A field of a nested struct is named with a dot: `usage.softirq`. */
export interface StructSpec {
  readonly size: number;
  readonly fields: Readonly<Record<string, FieldSpec>>;
}

/** MapSpec: a map of a BPF object. Global variables are maps too, named after their section: `.bss`, `.rodata`. */
export interface MapSpec {
  /** As bpftool names it: `array`, `percpu_array`, `hash`, … */
  readonly type: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mmapable: boolean;
  /** Name in `structs` of the value type, where it is a struct. */
  readonly value?: string;
}

/** ProgramSpec: a program of a BPF object and its ELF section, which names its hook, e.g. `tp_btf/sched_switch`. */
export interface ProgramSpec {
  readonly section: string;
}

/** VariableSpec: a `const volatile` variable that can be set until the object is loaded. */
export interface VariableSpec {
  readonly map: string;
  readonly offset: number;
  readonly size: number;
}

/** BpfObjectSpec: what `rezolus-bpf build` generates from a BPF object: plain data, and the URL of the object file. */
export interface BpfObjectSpec {
  readonly name: string;
  readonly object: URL;
  readonly programs: Readonly<Record<string, ProgramSpec>>;
  readonly maps: Readonly<Record<string, MapSpec>>;
  readonly structs: Readonly<Record<string, StructSpec>>;
  readonly variables: Readonly<Record<string, VariableSpec>>;
}

/** MappedMap: an array map mapped into memory; element i is at `i * stride` bytes. The views are the kernel's memory. */
export interface MappedMap {
  readonly bytes: Uint8Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  readonly stride: number;
  readonly entries: number;
}

/** BpfIterator: an iterator program. `read` makes one pass and returns its output, valid until the next call. */
export interface BpfIterator {
  read(): Uint8Array;
}

/** ProgramInfo: what the kernel counts of a loaded program; runs and time only while statistics are enabled. */
export interface ProgramInfo {
  readonly name: string;
  readonly runCount: bigint;
  readonly runTimeNs: bigint;
  /** Runs that did not happen because the program was already running on that CPU. */
  readonly recursionMisses: bigint;
}

/** BpfObject: an opened BPF object: set it up, load it, attach its programs, read its maps. Disposing detaches all. */
export interface BpfObject extends Disposable {
  /** configure: values of `const volatile` variables; before load. Bytes fill an array. */
  configure(values: Readonly<Record<string, number | bigint | boolean | Uint8Array>>): void;
  /** resize: number of elements of a map; before load. */
  resize(map: string, entries: number): void;
  /** disable: leaves a program out; before load. */
  disable(program: string): void;
  load(): void;
  /** attachAll: attaches each program on its own; a failure is a verdict, not an error. */
  attachAll(programs: readonly string[]): ProgramStatus[];
  /** attachPerfEvent: runs a `perf_event` program at each of these perf events; a failure is a verdict. */
  attachPerfEvent(program: string, fds: readonly number[]): ProgramStatus;
  map(name: string): MappedMap;
  /** lookup: copies one element of an array map that is not mapped into `into`. */
  lookup(map: string, index: number, into: Uint8Array): void;
  iterator(program: string): BpfIterator;
  /** setPerfEvent: puts a perf event into the slot of a CPU of a `perf_event_array`; after load. */
  setPerfEvent(map: string, cpu: number, fd: number): void;
  /** programInfo: what the kernel counts of each loaded program. */
  programInfo(): ProgramInfo[];
  /** mapBytes: kernel memory of all maps. */
  mapBytes(): number;
}

/** BpfLoader: how a sampler gets at the kernel. Throws UnsupportedError where BPF cannot be had at all. */
export interface BpfLoader {
  /** kernelBtf: whether the kernel has its own BTF, which typed tracepoints and iterators need. */
  readonly kernelBtf: boolean;
  open(spec: BpfObjectSpec): BpfObject;
  /** enableStats: lets the kernel count and time all programs' runs until disposed; costs some 20 ns per run. */
  enableStats(): Disposable;
}
