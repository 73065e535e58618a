import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// include/uapi/asm-generic/mman-common.h
const MADV_DONTNEED = 4;

/**
 * releaseProgram: gives back the memory of the running program's code and constants. What is still in use comes back
 * from the page cache when it is next touched, a fault for each 64 KB; what only the start needed does not. Nothing is
 * lost: mappings that may be written, or were before they became read-only, are left alone.
 */
export function releaseProgram(): void {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const madvise = koffi.load(null).func('int madvise(uintptr_t start, size_t length, int advice)');
  for (const mapping of readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [, start, end, path] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +(.*)$/m.exec(mapping) ?? [];
    if (path !== process.execPath || !/^Private_Dirty: +0 kB$/m.test(mapping)) continue;
    const from = Number.parseInt(start!, 16);
    madvise(from, Number.parseInt(end!, 16) - from, MADV_DONTNEED);
  }
}
