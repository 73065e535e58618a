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
