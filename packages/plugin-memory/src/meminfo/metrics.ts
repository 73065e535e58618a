import type { GroupDeclaration } from '@rezolus/core';

/** Keys of /proc/meminfo, with their separator so that no key is the start of another. */
export const keys = ['MemTotal:', 'MemFree:', 'MemAvailable:', 'Buffers:', 'Cached:'] as const;

const gauge = (name: string, description: string) =>
  ({ name, kind: 'gauge', unit: 'bytes', description }) as const;

/** Order of the metrics = order of `keys`. */
export const meminfoRead: GroupDeclaration = {
  name: 'memory_meminfo_read',
  per: 'host',
  metrics: [
    gauge('memory_total', 'Memory that the kernel can use'),
    gauge('memory_free', 'Memory that is not used for anything'),
    gauge('memory_available', 'Estimate of the memory that new programs can have without swapping'),
    gauge('memory_buffers', 'Memory that buffers block device metadata'),
    gauge('memory_cached', 'Memory that caches file contents'),
  ],
};
