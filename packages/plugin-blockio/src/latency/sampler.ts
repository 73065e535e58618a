import { ABI, defineSampler } from '@rezolus/core';
import { sumHistograms } from '@rezolus/libbpf';
import { openBlockio } from '../blockio.ts';
import { ops } from '../ops.ts';
import { deviceLatencies, latencies, queuedOps, queueLatencies } from './metrics.ts';

/** blockioLatency: how long block I/O waits and how long devices take for it. */
export const blockioLatency = defineSampler({
  name: 'blockio_latency',
  abi: ABI,
  description: 'Queue time and service time of block I/O by operation, host-wide and per disk',
  routes: [
    {
      route:
        'tp_btf/block_rq_insert, tp_btf/block_rq_issue, tp_btf/block_rq_complete, tp_btf/block_rq_merge, tp_btf/block_rq_requeue',
      needs: 'kernel BTF',
    },
    {
      route:
        'raw_tp/block_rq_insert, raw_tp/block_rq_issue, raw_tp/block_rq_complete, raw_tp/block_rq_merge, raw_tp/block_rq_requeue',
      needs: 'BPF',
    },
  ],
  options: {
    per_device: {
      type: 'boolean',
      default: true,
      description: 'Histograms per disk (blockio_device_latency) besides the host-wide ones.',
    },
  },
  groups: [latencies, queueLatencies, deviceLatencies],
  async create(context) {
    const { options } = context;
    const { banks, bank, devices, report, ...blockio } = await openBlockio(context);
    const hostWide = [
      { group: context.group(latencies.name), field: bank.latency, slots: [...ops.keys()] },
      {
        group: context.group(queueLatencies.name),
        field: bank.queue_latency,
        slots: queuedOps.map((op) => ops.indexOf(op)),
      },
    ];
    const perDevice = context.group(deviceLatencies.name);
    return {
      groups: [...hostWide.map(({ group }) => group), perDevice],
      refresh(tick) {
        for (const { group, field, slots } of hostWide) {
          group.beginRead();
          sumHistograms(group, banks, field.offset, slots);
          group.endRead();
        }
        if (!options.per_device) return;
        devices.refresh(tick);
        devices.sync(perDevice);
        perDevice.beginRead();
        devices.copy(perDevice, blockio.deviceLatencies, blockio.deviceLatency.latency.offset);
        perDevice.endRead();
      },
      report: () => report('blockio_latency'),
    };
  },
});
