import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type BpfIterator,
  type BpfObject,
  type BpfObjectSpec,
  type Logger,
  type ProgramInfo,
  type ProgramStatus,
  RezolusError,
  sentence,
  UnsupportedError,
} from '@rezolus/core';
import { raiseCapabilities } from './capabilities.ts';
import { LinkedIterator } from './iterator.ts';
import { MappedArray } from './mapped-array.ts';
import { cannotList, openOptions } from './module-types.ts';
import { native, type Pointer } from './native.ts';
import { runAtEvent } from './perf-event.ts';
import { collectMessages } from './print.ts';
import { readProgramInfo, readVerified } from './stats.ts';
import { storeVariable } from './variables.ts';
import { attachError, errorText, isMissing, loadError } from './verdict.ts';

/** Sections whose hook is a type in the kernel's BTF and is looked up by libbpf before the load. */
const btfHook = /^(?:tp_btf|fentry|fexit|fmod_ret|lsm|iter)(?:\.s)?\/(.+)$/;
const hookKind = /^\w+/;
const ENOENT = 2;

/** OpenOptions: `without` names kinds of hooks (`kprobe`, `fentry`, …) that are treated as if the kernel lacked them. */
export interface OpenOptions {
  readonly log?: Logger;
  readonly without?: readonly string[];
}

/** LibbpfObject: a BPF object in the hands of libbpf: open, configure, load, attach, read; dispose undoes all of it. */
export class LibbpfObject implements BpfObject {
  readonly #spec: BpfObjectSpec;
  readonly #log: Logger | undefined;
  readonly #without: readonly string[];
  #handle: Pointer;
  #loaded = false;
  readonly #disabled = new Set<string>();
  readonly #missing = new Map<string, RezolusError>();
  readonly #links = new Map<string, Pointer>();
  readonly #maps = new Map<string, MappedArray>();
  readonly #iterators = new Map<string, LinkedIterator>();

  private constructor(spec: BpfObjectSpec, handle: Pointer, { log, without = [] }: OpenOptions) {
    this.#spec = spec;
    this.#handle = handle;
    this.#log = log;
    this.#without = without;
  }

  /** open: reads the object file. Throws REZ_ERR_BPF_LIBRARY, REZ_ERR_BPF_OBJECT. */
  static open(spec: BpfObjectSpec, options: OpenOptions = {}): LibbpfObject {
    const { koffi, objectOpen } = native();
    const path = fileURLToPath(spec.object);
    const { result, messages } = collectMessages(() => ({
      handle: objectOpen(path, openOptions()),
      errno: koffi.errno(),
    }));
    if (result.handle === null) {
      const cause = new Error(messages.join('; ') || errorText(result.errno));
      throw new RezolusError('REZ_ERR_BPF_OBJECT', `BPF object ${path} cannot be opened`, { cause });
    }
    return new LibbpfObject(spec, result.handle, options);
  }

  /** configure: sets `const volatile` variables; bytes fill an array from its start. Throws REZ_ERR_BPF_MAP. */
  configure(values: Readonly<Record<string, number | bigint | boolean | Uint8Array>>): void {
    const { koffi, mapInitialValue } = native();
    this.#mustNotBeLoaded('configure');
    for (const [name, value] of Object.entries(values)) {
      const variable = this.#spec.variables[name];
      if (variable === undefined) throw this.#mapError(`has no variable ${name}`);
      const size: [number] = [0];
      const address = mapInitialValue(this.#map(variable.map), size);
      if (address === null || variable.offset + variable.size > Number(size[0])) {
        throw this.#mapError(`has no room for variable ${name} in ${variable.map}`);
      }
      const memory = koffi.view(address + BigInt(variable.offset), variable.size);
      try {
        storeVariable(name, new DataView(memory), value);
      } finally {
        memory.transfer();
      }
    }
  }

  /** resize: sets the number of elements of a map. Throws REZ_ERR_BPF_MAP. */
  resize(map: string, entries: number): void {
    this.#mustNotBeLoaded('resize');
    const result = native().mapSetMaxEntries(this.#map(map), entries);
    if (result !== 0) throw this.#mapError(`cannot resize ${map} to ${entries}: ${errorText(result)}`);
  }

  /** disable: leaves a program out of the load. */
  disable(program: string): void {
    this.#mustNotBeLoaded('disable');
    native().programSetAutoload(this.#program(program), false);
    this.#disabled.add(program);
  }

  /**
   * load: creates the maps and loads the programs that are not disabled. A program whose hook the kernel's BTF does
   * not have is left out and fails when it is attached. Throws REZ_ERR_BPF_PERMISSION, UnsupportedError where the
   * kernel lacks something else, and REZ_ERR_BPF_LOAD with the end of the verifier log as its cause.
   */
  load(): void {
    this.#mustNotBeLoaded('load');
    for (const [name, { section }] of Object.entries(this.#spec.programs)) {
      if (!this.#disabled.has(name)) this.#findHook(name, section);
    }
    using _raised = raiseCapabilities();
    const { result, messages } = collectMessages(() => native().objectLoad(this.#object()));
    this.#loaded = true;
    // libbpf has read the kernel's types, some 10 MB, for this one call.
    native().trim();
    if (result !== 0) throw loadError(this.#spec.name, -result, messages);
    if (messages.length > 0) this.#log?.debug({ object: this.#spec.name, messages }, 'libbpf');
  }

  #findHook(name: string, section: string): void {
    const { programSetTarget, programSetAutoload } = native();
    const program = this.#program(name);
    const leaveOut = (error: RezolusError) => {
      this.#missing.set(name, error);
      programSetAutoload(program, false);
    };
    if (this.#without.includes(hookKind.exec(section)?.[0] ?? '')) {
      leaveOut(new UnsupportedError(section, `${name}: ${section} is to be done without`));
      return;
    }
    const hook = btfHook.exec(section)?.[1];
    if (hook === undefined) return;
    const { result, messages } = collectMessages(() => programSetTarget(program, 0, hook));
    if (result === 0) return;
    // The kernel itself does not have it; libbpf may not look further.
    const errno = messages.some((message) => message.includes(cannotList)) ? ENOENT : -result;
    const error = attachError(name, section, errno, messages);
    if (!isMissing(errno)) throw error;
    leaveOut(error);
  }

  /** missing: why programs were left out of the load: their hooks, that this kernel does not have. */
  missing(): RezolusError[] {
    return [...this.#missing.values()];
  }

  /** attach: attaches one program to its hook. Throws UnsupportedError, REZ_ERR_BPF_PERMISSION, REZ_ERR_BPF_ATTACH. */
  attach(program: string): void {
    this.#link(program);
  }

  /** attachAll: attaches each program on its own; a failure is a verdict, not an error. */
  attachAll(programs: readonly string[]): ProgramStatus[] {
    return programs.map((name) => this.#judge(name, () => this.attach(name)));
  }

  /**
   * attachPerfEvent: runs a `perf_event` program at each of these perf events until they are closed. A failure is a
   * verdict, not an error.
   */
  attachPerfEvent(program: string, fds: readonly number[]): ProgramStatus {
    return this.#judge(program, () => {
      const section = this.#spec.programs[program]?.section ?? '';
      for (const fd of fds) {
        const errno = runAtEvent(fd, this.#programFd(program));
        if (errno !== 0) throw attachError(program, section, errno, []);
      }
    });
  }

  #judge(name: string, attach: () => void): ProgramStatus {
    const label = this.#spec.programs[name]?.section ?? '';
    const status = { name, label, intent: { type: 'required' }, expected: true } as const;
    if (this.#disabled.has(name)) {
      return { ...status, attached: false, expected: false, verdict: 'not_applicable' };
    }
    try {
      attach();
      return { ...status, attached: true, verdict: 'ok' };
    } catch (error) {
      const verdict = error instanceof UnsupportedError ? 'unsupported' : 'broken';
      return { ...status, attached: false, error: sentence(error), verdict };
    }
  }

  /** iterator: attaches an `iter/` program, once. Throws as `attach` does. */
  iterator(program: string): BpfIterator {
    let iterator = this.#iterators.get(program);
    if (iterator === undefined) {
      iterator = new LinkedIterator(program, this.#link(program));
      this.#iterators.set(program, iterator);
    }
    return iterator;
  }

  /** run: runs a `syscall` or `raw_tp` program once, now, and returns its result. Throws REZ_ERR_BPF_ATTACH. */
  run(program: string): number {
    // struct bpf_test_run_opts (bpf/bpf.h): its size at 0, the program's result at 56.
    const options = new DataView(new ArrayBuffer(80));
    options.setBigUint64(0, 80n, true);
    const fd = this.#programFd(program);
    using _raised = raiseCapabilities();
    const result = native().programTestRun(fd, new Uint8Array(options.buffer));
    if (result < 0) throw attachError(program, this.#spec.programs[program]?.section ?? '', -result, []);
    return options.getUint32(56, true);
  }

  /** map: an array map in memory, mapped at the first call. Throws REZ_ERR_BPF_MAP. */
  map(name: string): MappedArray {
    let mapped = this.#maps.get(name);
    if (mapped === undefined) {
      const { mapValueSize, mapMaxEntries } = native();
      const map = this.#map(name);
      const valueSize = mapValueSize(map);
      const expected = this.#spec.maps[name]?.valueSize;
      if (valueSize !== expected) {
        throw this.#mapError(`has values of ${valueSize} bytes in ${name}, its bindings say ${expected}`);
      }
      mapped = new MappedArray(name, this.mapFd(name), valueSize, mapMaxEntries(map));
      this.#maps.set(name, mapped);
    }
    return mapped;
  }

  /** mapFd: the file descriptor of a map, owned by this object. Throws REZ_ERR_BPF_MAP. */
  mapFd(name: string): number {
    const fd = native().mapFd(this.#map(name));
    if (fd < 0) throw this.#mapError(`has not created map ${name}: load it first`);
    return fd;
  }

  /** lookup: copies one element of an array map that is not mapped into `into`. Throws REZ_ERR_BPF_MAP. */
  lookup(map: string, index: number, into: Uint8Array): void {
    const result = native().mapLookup(this.mapFd(map), Uint32Array.of(index), into);
    if (result !== 0) throw this.#mapError(`has no element ${index} in ${map}: ${errorText(result)}`);
  }

  /** setPerfEvent: puts a perf event into the slot of a CPU of a `perf_event_array`. Throws REZ_ERR_BPF_MAP. */
  setPerfEvent(map: string, cpu: number, fd: number): void {
    const result = native().mapUpdate(this.mapFd(map), Uint32Array.of(cpu), Uint32Array.of(fd), 0);
    if (result !== 0)
      throw this.#mapError(`cannot put an event of CPU ${cpu} into ${map}: ${errorText(result)}`);
  }

  /** programInfo: what the kernel counts of each loaded program. */
  programInfo(): ProgramInfo[] {
    return Object.keys(this.#spec.programs)
      .filter((name) => !this.#disabled.has(name) && !this.#missing.has(name))
      .map((name) => readProgramInfo(name, this.#programFd(name)));
  }

  /** verified: how many instructions of a loaded program the verifier went through; 0 where the kernel does not say. */
  verified(program: string): number {
    return readVerified(program, this.#programFd(program));
  }

  /** mapBytes: kernel memory of all maps, as /proc/self/fdinfo states it. */
  mapBytes(): number {
    let bytes = 0;
    for (const name of Object.keys(this.#spec.maps)) {
      const info = readFileSync(`/proc/self/fdinfo/${this.mapFd(name)}`, 'utf8');
      bytes += Number(/^memlock:\s*(\d+)$/m.exec(info)?.[1] ?? 0);
    }
    return bytes;
  }

  [Symbol.dispose](): void {
    if (this.#handle === null) return;
    const { linkDestroy, objectClose } = native();
    for (const iterator of this.#iterators.values()) iterator.close();
    this.#iterators.clear();
    for (const link of [...this.#links.values()].reverse()) linkDestroy(link);
    this.#links.clear();
    for (const map of this.#maps.values()) map[Symbol.dispose]();
    this.#maps.clear();
    objectClose(this.#handle);
    this.#handle = null;
  }

  #link(name: string): Pointer {
    const existing = this.#links.get(name);
    if (existing !== undefined) return existing;
    const missing = this.#missing.get(name);
    if (missing !== undefined) throw missing;
    const { koffi, programAttach } = native();
    const program = this.#program(name);
    using _raised = raiseCapabilities();
    const { result, messages } = collectMessages(() => ({
      link: programAttach(program),
      errno: koffi.errno(),
    }));
    if (result.link === null) {
      throw attachError(name, this.#spec.programs[name]?.section ?? '', result.errno, messages);
    }
    this.#links.set(name, result.link);
    return result.link;
  }

  #object(): Pointer {
    if (this.#handle !== null) return this.#handle;
    throw new RezolusError('REZ_ERR_BPF_OBJECT', `BPF object ${this.#spec.name} is closed`);
  }

  #program(name: string): Pointer {
    const program = native().findProgram(this.#object(), name);
    if (program !== null) return program;
    throw new RezolusError('REZ_ERR_BPF_OBJECT', `BPF object ${this.#spec.name} has no program ${name}`);
  }

  #programFd(name: string): number {
    const fd = native().programFd(this.#program(name));
    if (fd >= 0) return fd;
    throw new RezolusError('REZ_ERR_BPF_OBJECT', `program ${name} of ${this.#spec.name} is not loaded`);
  }

  #map(name: string): Pointer {
    const map = native().findMap(this.#object(), name);
    if (map === null) throw this.#mapError(`has no map ${name}`);
    return map;
  }

  #mapError(what: string): RezolusError {
    return new RezolusError('REZ_ERR_BPF_MAP', `BPF object ${this.#spec.name} ${what}`);
  }

  #mustNotBeLoaded(action: string): void {
    this.#object();
    if (!this.#loaded) return;
    throw new RezolusError(
      'REZ_ERR_BPF_OBJECT',
      `BPF object ${this.#spec.name} is loaded: too late to ${action}`,
    );
  }
}
