import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks, sumHistograms } from '@rezolus/libbpf';
import { openBlockio } from '../blockio.ts';
import { counters, deviceCounters, errors, requeues, sizes } from './metrics.ts';

/** blockioRequests: how many block I/O requests there are, how large, and how they end. */
export const blockioRequests = defineSampler({
  name: 'blockio_requests',
  abi: ABI,
  description: 'Operations, bytes, sizes, errors and requeues of block I/O, host-wide and per disk',
  routes: [
    { route: 'tp_btf/block_rq_complete, tp_btf/block_rq_requeue', needs: 'kernel BTF' },
    { route: 'raw_tp/block_rq_complete, raw_tp/block_rq_requeue', needs: 'BPF' },
  ],
  options: {
    per_device: {
      type: 'boolean',
      default: true,
      description: 'Counters per disk (blockio_device_*) besides the host-wide ones.',
    },
  },
  groups: [counters, sizes, errors, requeues, deviceCounters],
  async create(context) {
    const { options } = context;
    const { banks, bank, devices, deviceRows, report } = await openBlockio(context);
    const hostWide = [
      { group: context.group(counters.name), field: bank.operations },
      { group: context.group(errors.name), field: bank.errors },
      { group: context.group(requeues.name), field: bank.requeues },
    ];
    const size = context.group(sizes.name);
    const perDevice = context.group(deviceCounters.name);
    return {
      groups: [...hostWide.map(({ group }) => group), size, perDevice],
      refresh(tick) {
        for (const { group, field } of hostWide) {
          group.beginRead();
          // Operations and bytes lie side by side.
          sumBanks(group.counters, banks, field.offset);
          group.endRead();
        }
        size.beginRead();
        sumHistograms(size, banks, bank.size.offset);
        size.endRead();
        if (!options.per_device) return;
        devices.refresh(tick);
        devices.sync(perDevice);
        perDevice.beginRead();
        devices.sum(perDevice.counters, deviceRows, deviceCounters.metrics.length);
        perDevice.endRead();
      },
      report: () => report('blockio_requests'),
    };
  },
});
