import { ABI, defineSampler, UnsupportedError } from '@rezolus/core';
import { SharedLibrary } from '@rezolus/libbpf';
import { loads } from './metrics.ts';

/** The names of the library, the usual one first: of glibc, of musl. */
const names = ['libc.so.6', 'libc.so'];

/** mySampler: load averages, asked of the C library. */
export const mySampler = defineSampler({
  name: 'my_sampler',
  abi: ABI,
  description: 'Load averages, asked of the C library',
  routes: [{ route: 'getloadavg(3)', needs: 'a C library that has it' }],
  groups: [loads],
  create({ group: groupOf }) {
    const group = groupOf(loads.name);
    const library = SharedLibrary.open(names, 'load averages');
    // The prototype is as in the header: a wrong one is as dangerous as it is in C.
    const getloadavg = library.find('int getloadavg(double *loads, int count)');
    if (getloadavg === undefined) {
      library[Symbol.dispose]();
      throw new UnsupportedError('getloadavg', `${library.name} has no getloadavg`);
    }
    const values = new Float64Array(3);
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        if (getloadavg(values, values.length) !== values.length) throw new Error('getloadavg failed');
        for (const [index, load] of values.entries()) group.gauges[index] = BigInt(Math.round(load * 1000));
        group.endRead();
      },
      report: () => ({ route: `getloadavg of ${library.name}` }),
      async [Symbol.asyncDispose]() {
        library[Symbol.dispose]();
      },
    };
  },
});
