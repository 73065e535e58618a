import { ABI, defineSampler } from '@rezolus/core';
import { requireAttached, routeOf, sumBanks, sumHistograms, tracepoints } from '@rezolus/libbpf';
import { mySampler as spec } from './gen/my_sampler.bpf.ts';
import { counters, lifetimes } from './metrics.ts';

// Where the values lie in a bank. A histogram begins with the sum of its values.
const { started, 'lifetime.sum': lifetime } = spec.structs.my_sampler_bank.fields;

/** mySampler: programs started, and how long processes lived. */
export const mySampler = defineSampler({
  name: 'my_sampler',
  abi: ABI,
  description: 'Programs started, and how long processes lived',
  routes: [
    { route: 'tp_btf/sched_process_exec, tp_btf/sched_process_exit', needs: 'kernel BTF' },
    { route: 'raw_tp/sched_process_exec, raw_tp/sched_process_exit', needs: 'BPF' },
  ],
  groups: [counters, lifetimes],
  create({ bpf, possibleCpus, group: groupOf }) {
    const object = bpf.open(spec);
    try {
      const programs = tracepoints(object, spec, bpf.kernelBtf, {
        sched_process_exec: true,
        sched_process_exit: true,
      });
      object.resize('banks', possibleCpus);
      object.load();
      const attached = object.attachAll(programs);
      requireAttached(attached);
      const banks = object.map('banks');
      const counts = groupOf(counters.name);
      const distributions = groupOf(lifetimes.name);
      return {
        groups: [counts, distributions],
        refresh() {
          counts.beginRead();
          sumBanks(counts.counters, banks, started.offset);
          counts.endRead();
          distributions.beginRead();
          sumHistograms(distributions, banks, lifetime.offset);
          distributions.endRead();
        },
        report: () => ({ route: routeOf(attached), programs: attached, mapBytes: object.mapBytes() }),
        async [Symbol.asyncDispose]() {
          object[Symbol.dispose]();
        },
      };
    } catch (error) {
      object[Symbol.dispose]();
      throw error;
    }
  },
});
