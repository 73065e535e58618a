import { ABI, defineSampler } from '@rezolus/core';
import { copyPerCpu, cpuMembers, requireAttached, routeOf, tracepoints } from '@rezolus/libbpf';
import { hardirq as hardirqBpf } from '../gen/hardirq.bpf.ts';
import { hardirqs } from './metrics.ts';

const bank = hardirqBpf.structs.hardirq_bank.fields;

/** cpuHardirq: hard interrupts and the time in their handlers. */
export const cpuHardirq = defineSampler({
  name: 'cpu_hardirq',
  abi: ABI,
  description: 'Hard interrupts of devices and the time they take, per CPU',
  routes: [
    { route: 'tp_btf/irq_handler_entry, tp_btf/irq_handler_exit', needs: 'kernel BTF' },
    { route: 'raw_tp/irq_handler_entry, raw_tp/irq_handler_exit', needs: 'BPF' },
  ],
  groups: [hardirqs],
  create(context) {
    const { bpf, possibleCpus } = context;
    using cleanup = new DisposableStack();
    const object = cleanup.use(bpf.open(hardirqBpf));
    const hooks = tracepoints(object, hardirqBpf, bpf.kernelBtf, {
      irq_handler_entry: true,
      irq_handler_exit: true,
    });
    object.resize('banks', possibleCpus);
    object.load();
    const programs = object.attachAll(hooks);
    requireAttached(programs);
    const banks = object.map('banks');
    const mapBytes = object.mapBytes();
    const perCpu = context.group(hardirqs.name);
    perCpu.setMembers(cpuMembers(possibleCpus));
    const cpus = [...Array(possibleCpus).keys()];
    const resources = cleanup.move();
    return {
      groups: [perCpu],
      refresh() {
        perCpu.beginRead();
        copyPerCpu(perCpu.counters, banks, bank.count.offset, hardirqs.metrics.length, cpus);
        perCpu.endRead();
      },
      report: () => ({ route: routeOf(programs), programs, mapBytes }),
      async [Symbol.asyncDispose]() {
        resources.dispose();
      },
    };
  },
});
