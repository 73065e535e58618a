import { ABI, defineSampler } from '@rezolus/core';
import { requireAttached, routeOf, sumBanks, tracepoints } from '@rezolus/libbpf';
import { mySampler as spec } from './gen/my_sampler.bpf.ts';
import { processes } from './metrics.ts';

const { started, lifetime } = spec.structs.my_sampler_bank.fields;

/** mySampler: programs started, and how long processes lived. */
export const mySampler = defineSampler({
  name: 'my_sampler',
  abi: ABI,
  description: 'Programs started, and how long processes lived',
  routes: [
    { route: 'tp_btf/sched_process_exec, tp_btf/sched_process_exit', needs: 'kernel BTF' },
    { route: 'raw_tp/sched_process_exec, raw_tp/sched_process_exit', needs: 'BPF' },
  ],
  groups: [processes],
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
      const group = groupOf(processes.name);
      return {
        groups: [group],
        refresh() {
          group.beginRead();
          sumBanks(group.counters, banks, started.offset);
          sumBanks(group.histograms[0]!.buckets, banks, lifetime.offset);
          group.endRead();
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
