import { ABI, defineSampler } from '@rezolus/core';
import { main } from './metrics.ts';

/** rusage: the sampler `rezolus_rusage`: CPU time, memory, faults, I/O and context switches of the agent itself. */
export const rusage = defineSampler({
  name: 'rezolus_rusage',
  abi: ABI,
  description: 'What the agent itself uses: CPU time, memory, page faults, block I/O and context switches',
  routes: [{ route: 'getrusage(2), /proc/self/statm', needs: 'nothing' }],
  groups: [main],
  create: (context) => {
    const group = context.group('main');
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        const usage = process.resourceUsage();
        // In the order of the declarations; times come in microseconds.
        group.counters[0] = BigInt(usage.userCPUTime) * 1000n;
        group.counters[1] = BigInt(usage.systemCPUTime) * 1000n;
        group.counters[2] = BigInt(usage.minorPageFault);
        group.counters[3] = BigInt(usage.majorPageFault);
        group.counters[4] = BigInt(usage.fsRead);
        group.counters[5] = BigInt(usage.fsWrite);
        group.counters[6] = BigInt(usage.voluntaryContextSwitches);
        group.counters[7] = BigInt(usage.involuntaryContextSwitches);
        group.gauges[0] = BigInt(process.memoryUsage.rss());
        group.endRead();
      },
      report: () => ({ route: 'getrusage' }),
    };
  },
});
