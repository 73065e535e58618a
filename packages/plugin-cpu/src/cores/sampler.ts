import { readFileSync } from 'node:fs';
import { ABI, defineSampler, parseCpuList } from '@rezolus/core';
import { coresRead } from './metrics.ts';

const path = '/sys/devices/system/cpu/online';

/** cpuCores: the number of logical CPUs that are online, read anew each time because CPUs come and go. */
export const cpuCores = defineSampler({
  name: 'cpu_cores',
  abi: ABI,
  description: 'Number of logical CPUs that are online',
  routes: [{ route: '/sys/devices/system/cpu/online', needs: 'nothing' }],
  groups: [coresRead],
  create(context) {
    const group = context.group('cpu_cores_read');
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        group.gauges[0] = BigInt(parseCpuList(readFileSync(path, 'utf8')).length);
        group.endRead();
      },
      report: () => ({ route: path }),
    };
  },
});
