import { ABI, defineSampler, UnsupportedError } from '@rezolus/core';
import { CgroupTable, copyPerCpu, cpuMembers, maxCgroups, routeOf, tracepoints } from '@rezolus/libbpf';
import { tlb as tlbBpf } from '../gen/tlb.bpf.ts';
import { cgroupFlushes, endedCgroups, flushes } from './metrics.ts';

const bank = tlbBpf.structs.tlb_bank.fields;
const row = tlbBpf.structs.tlb_cgroup.fields;

/** cpuTlbFlush: TLB flushes by reason, per CPU and per cgroup. */
export const cpuTlbFlush = defineSampler({
  name: 'cpu_tlb_flush',
  abi: ABI,
  description: 'TLB flushes by reason, per CPU and per cgroup',
  routes: [
    { route: 'tp_btf/tlb_flush', needs: 'kernel BTF, x86' },
    { route: 'raw_tp/tlb_flush', needs: 'BPF, x86' },
  ],
  groups: [flushes, cgroupFlushes, endedCgroups],
  create(context) {
    const { bpf, possibleCpus } = context;
    using cleanup = new DisposableStack();
    const object = cleanup.use(bpf.open(tlbBpf));
    const hooks = tracepoints(object, tlbBpf, bpf.kernelBtf, {
      tlb_flush: true,
      cgroup_rmdir: true,
    });
    object.configure({ cgroup_capacity: maxCgroups });
    object.resize('banks', possibleCpus);
    object.resize('cgroups', possibleCpus * maxCgroups);
    object.resize('cgroup_names', maxCgroups);
    object.resize('cgroup_serials', maxCgroups);
    object.load();
    const programs = object.attachAll(hooks);
    if (programs[0]!.verdict === 'unsupported') {
      throw new UnsupportedError(
        'tlb_flush',
        'this kernel has no tracepoint tlb_flush (it exists on x86 only)',
      );
    }
    const banks = object.map('banks');
    const cgroups = new CgroupTable(object, tlbBpf, 'tlb_bank');
    const perCpu = context.group(flushes.name);
    perCpu.setMembers(cpuMembers(possibleCpus));
    const perCgroup = context.group(cgroupFlushes.name);
    const ended = context.group(endedCgroups.name);
    const cpus = [...Array(possibleCpus).keys()];
    const offsets = cgroupFlushes.metrics.map((_, reason) => row.flushes.offset + reason * 8);
    const mapBytes = object.mapBytes();
    const resources = cleanup.move();
    return {
      groups: [perCpu, perCgroup, ended],
      refresh() {
        perCpu.beginRead();
        copyPerCpu(perCpu.counters, banks, bank.flushes.offset, bank.flushes.count, cpus);
        perCpu.endRead();
        cgroups.refresh();
        cgroups.read(perCgroup, offsets);
        cgroups.readEnded(ended, offsets);
      },
      report: () => ({
        route: routeOf(programs),
        programs,
        drops: { cgroups_beyond_table: cgroups.unmeasured },
        mapBytes,
      }),
      async [Symbol.asyncDispose]() {
        resources.dispose();
      },
    };
  },
});
