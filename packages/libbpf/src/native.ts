import { createRequire } from 'node:module';
import { RezolusError } from '@rezolus/core';

/** Pointer: an address as koffi hands it out; null is NULL. It carries no type. */
export type Pointer = bigint | null;

/** Native: the C functions that this package calls, named as in C without their `bpf_` prefix. */
export type Native = ReturnType<typeof bind>;

/** MAP_FAILED: what mmap(2) returns instead of NULL. */
export const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

type Fn<Arguments extends unknown[], Result> = (...args: Arguments) => Result;

function bind() {
  // koffi costs 8 ms and its native module: nothing is loaded before the first BPF object is opened.
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const bpf = loadLibbpf(koffi);
  const libc = koffi.load(null);
  const print = koffi.proto('int rezolus_print(int level, const char *format, void *arguments)');
  return {
    koffi,
    print,
    trim: heapTrimmer(libc),
    version: bpf.func('const char *libbpf_version_string()') as Fn<[], string>,
    // A va_list is passed by reference on x86-64 and arm64 and is a pointer on riscv64, hence `void *`.
    setPrint: bpf.func('libbpf_set_print', 'void *', [koffi.pointer(print)]) as Fn<[Pointer], Pointer>,
    objectOpen: bpf.func('void *bpf_object__open_file(const char *path, void *options)') as Fn<
      [string, Uint8Array | null],
      Pointer
    >,
    objectLoad: bpf.func('int bpf_object__load(void *object)') as Fn<[Pointer], number>,
    objectClose: bpf.func('void bpf_object__close(void *object)') as Fn<[Pointer], void>,
    findProgram: bpf.func('void *bpf_object__find_program_by_name(void *object, const char *name)') as Fn<
      [Pointer, string],
      Pointer
    >,
    findMap: bpf.func('void *bpf_object__find_map_by_name(void *object, const char *name)') as Fn<
      [Pointer, string],
      Pointer
    >,
    programSetAutoload: bpf.func('int bpf_program__set_autoload(void *program, bool autoload)') as Fn<
      [Pointer, boolean],
      number
    >,
    programSetTarget: bpf.func(
      'int bpf_program__set_attach_target(void *program, int fd, const char *name)',
    ) as Fn<[Pointer, number, string], number>,
    programFd: bpf.func('int bpf_program__fd(void *program)') as Fn<[Pointer], number>,
    programAttach: bpf.func('void *bpf_program__attach(void *program)') as Fn<[Pointer], Pointer>,
    programTestRun: bpf.func('int bpf_prog_test_run_opts(int fd, void *options)') as Fn<
      [number, Uint8Array],
      number
    >,
    linkFd: bpf.func('int bpf_link__fd(void *link)') as Fn<[Pointer], number>,
    linkDestroy: bpf.func('int bpf_link__destroy(void *link)') as Fn<[Pointer], number>,
    iteratorCreate: bpf.func('int bpf_iter_create(int link)') as Fn<[number], number>,
    openByHandle: libc.func('int open_by_handle_at(int mount, void *handle, int flags)') as Fn<
      [number, Uint8Array, number],
      number
    >,
    mapLookup: bpf.func('int bpf_map_lookup_elem(int fd, const void *key, void *value)') as Fn<
      [number, Uint32Array, Uint8Array],
      number
    >,
    mapFd: bpf.func('int bpf_map__fd(void *map)') as Fn<[Pointer], number>,
    mapValueSize: bpf.func('uint32_t bpf_map__value_size(void *map)') as Fn<[Pointer], number>,
    mapMaxEntries: bpf.func('uint32_t bpf_map__max_entries(void *map)') as Fn<[Pointer], number>,
    mapSetMaxEntries: bpf.func('int bpf_map__set_max_entries(void *map, uint32_t entries)') as Fn<
      [Pointer, number],
      number
    >,
    mapUpdate: bpf.func(
      'int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)',
    ) as Fn<[number, Uint32Array, Uint32Array, number], number>,
    mapInitialValue: bpf.func('void *bpf_map__initial_value(void *map, _Out_ size_t *size)') as Fn<
      [Pointer, [number]],
      Pointer
    >,
    infoByFd: bpf.func('int bpf_obj_get_info_by_fd(int fd, void *info, _Inout_ uint32_t *size)') as Fn<
      [number, Uint8Array, [number]],
      number
    >,
    enableStats: bpf.func('int bpf_enable_stats(int type)') as Fn<[number], number>,
    linkerNew: bpf.func('void *bpf_linker__new(const char *path, void *options)') as Fn<
      [string, null],
      Pointer
    >,
    linkerAdd: bpf.func('int bpf_linker__add_file(void *linker, const char *path, void *options)') as Fn<
      [Pointer, string, null],
      number
    >,
    linkerFinalize: bpf.func('int bpf_linker__finalize(void *linker)') as Fn<[Pointer], number>,
    linkerFree: bpf.func('void bpf_linker__free(void *linker)') as Fn<[Pointer], void>,
    pageSize: libc.func('int getpagesize()') as Fn<[], number>,
    mmap: libc.func('void *mmap(void *, size_t, int, int, int, int64_t)') as Fn<
      [null, number, number, number, number, number],
      Pointer
    >,
    munmap: libc.func('int munmap(void *, size_t)') as Fn<[Pointer, number], number>,
    vasprintf: libc.func('int vasprintf(_Out_ void **text, const char *format, void *arguments)') as Fn<
      [[Pointer], string, Pointer],
      number
    >,
    free: libc.func('void free(void *)') as Fn<[Pointer], void>,
  };
}

function loadLibbpf(koffi: typeof import('koffi')) {
  const path = process.env.REZOLUS_LIBBPF ?? 'libbpf.so.1';
  try {
    return koffi.load(path);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_BPF_LIBRARY', `${path} cannot be loaded`, { cause });
  }
}

let bound: Native | undefined;

/** native: the bound functions, loaded at the first call. Throws REZ_ERR_BPF_LIBRARY. */
export function native(): Native {
  bound ??= bind();
  return bound;
}

/** libbpfVersion: the version of the libbpf in use, e.g. `v1.1`. Throws REZ_ERR_BPF_LIBRARY. */
export function libbpfVersion(): string {
  return native().version();
}

/** Gives freed memory back to the system; the C library of glibc systems only has the function for it. */
function heapTrimmer(libc: ReturnType<typeof loadLibbpf>): () => void {
  try {
    const trim = libc.func('int malloc_trim(size_t keep)');
    return () => trim(0);
  } catch {
    return () => {};
  }
}
