import { runLoad } from '@rezolus/devkit';
import { about, type Checks, exactly, field, growth } from './check.ts';

/** memoryChecks: for the samplers of plugin-memory. */
export const memoryChecks: Checks = {
  async memory_meminfo(harness) {
    await harness.refresh();
    return [
      exactly('bytes of memory', harness.sum('memory_total'), field('/proc/meminfo', 'MemTotal') * 1024),
    ];
  },

  async memory_vmstat(harness) {
    const { grown } = await growth(
      harness,
      { ours: () => harness.sum('memory_numa_hit'), kernel: () => field('/proc/vmstat', 'numa_hit') },
      () => runLoad('unmap', 1000),
    );
    return [
      { what: 'pages', counted: grown.ours, least: 1000, most: 20_000 },
      about('pages by /proc/vmstat', grown.ours, grown.kernel, 0.1),
    ];
  },
};
