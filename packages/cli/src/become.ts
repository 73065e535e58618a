/** For glibc, mallopt(3): buffers from 64 KB on are mappings of their own, which free() returns to the system. */
const allocator = {
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_ARENA_MAX: '2',
};

/**
 * become: replaces this process by Node with the given arguments: the same process id, none of the memory of this one,
 * and an allocator that gives back what a long-lived process does not need any more.
 */
export function become(args: readonly string[]): never {
  return process.execve!(process.execPath, [process.execPath, ...args], { ...allocator, ...process.env });
}

/** becomeLongLived: starts this command anew as one that runs for long, unless that has been done. */
export function becomeLongLived(heapFlags: readonly string[]): void {
  if (Object.keys(allocator).every((name) => process.env[name] !== undefined)) return;
  become([...process.execArgv, ...heapFlags, ...process.argv.slice(1)]);
}
