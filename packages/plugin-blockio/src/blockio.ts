import type { MappedMap, SamplerContext, SamplerReport } from '@rezolus/core';
import { totalOf, tracepoints } from '@rezolus/libbpf';
import { DeviceTable } from './devices/device-table.ts';
import { Disks } from './devices/disks.ts';
import { blockio as blockioBpf } from './gen/blockio.bpf.ts';

const { structs } = blockioBpf;
const bank = structs.blockio_bank.fields;

const hooks = {
  blockio_latency: [
    'block_rq_insert',
    'block_rq_issue',
    'block_rq_merge',
    'block_rq_requeue',
    'block_rq_complete',
  ],
  blockio_requests: ['block_rq_complete', 'block_rq_requeue'],
} as const;

/** Blockio: the loaded block I/O object, shared by blockio_latency and blockio_requests. */
export interface Blockio extends Disposable {
  readonly banks: MappedMap;
  readonly bank: typeof bank;
  readonly deviceRows: MappedMap;
  readonly deviceLatencies: MappedMap;
  readonly deviceLatency: typeof structs.device_latency.fields;
  readonly devices: DeviceTable;
  report(sampler: keyof typeof hooks): SamplerReport;
}

/** openBlockio: loads the object once for both samplers; the parts of a sampler that is off are pruned by the verifier. */
export function openBlockio(context: SamplerContext): Promise<Blockio> {
  return context.shared('blockio', () => load(context));
}

function load({ sampler, options, bpf, enabled, possibleCpus }: SamplerContext): Blockio {
  const latency = enabled.has('blockio_latency');
  const requests = enabled.has('blockio_requests');
  // blockio_latency comes first where it is enabled, so its own options are at hand.
  const deviceLatency = sampler === 'blockio_latency' && options.per_device === true;
  using cleanup = new DisposableStack();
  const disks = cleanup.use(new Disks());
  const object = cleanup.use(bpf.open(blockioBpf));
  const chosen = tracepoints(object, blockioBpf, bpf.kernelBtf, {
    block_rq_insert: latency,
    block_rq_issue: latency,
    block_rq_merge: latency,
    block_rq_complete: true,
    block_rq_requeue: true,
  });
  // Ids of queues are the smallest free ones; some belong to no disk, and disks come.
  const capacity = 64 + 2 * disks.count();
  object.configure({
    latency_enabled: latency,
    requests_enabled: requests,
    device_latency_enabled: deviceLatency,
    device_capacity: capacity,
  });
  object.resize('banks', possibleCpus);
  // Requests in flight: a CPU keeps a few hundred at most.
  object.resize('in_flight', latency ? Math.min(Math.max(possibleCpus * 1024, 8192), 65_536) : 1);
  object.resize('device_names', capacity);
  object.resize('device_rows', requests ? possibleCpus * capacity : 1);
  object.resize('device_latencies', deviceLatency ? capacity : 1);
  object.load();
  const programs = object.attachAll(chosen);
  const route = bpf.kernelBtf ? 'btf' : 'raw';
  const banks = object.map('banks');
  const mapBytes = object.mapBytes();
  const devices = new DeviceTable(
    object.map('device_names'),
    structs.device_name,
    { banks, startedOffset: bank['devices.started'].offset },
    disks,
  );
  const resources = cleanup.move();
  return {
    banks,
    bank,
    deviceRows: object.map('device_rows'),
    deviceLatencies: object.map('device_latencies'),
    deviceLatency: structs.device_latency.fields,
    devices,
    report(sampler) {
      const used = programs.filter(({ name }) => hooks[sampler].some((hook) => name === `${hook}_${route}`));
      return {
        route: used.map(({ label }) => label).join(', '),
        programs: used,
        drops: {
          devices_beyond_table: totalOf(banks, bank['devices.unmeasured'].offset),
          ...(sampler === 'blockio_latency' && {
            device_latencies_raced: totalOf(banks, bank['devices.raced'].offset),
            queued_requests_beyond_table: totalOf(banks, bank.untracked_queued.offset),
            issued_requests_beyond_table: totalOf(banks, bank.untracked_issued.offset),
            completions_unseen:
              totalOf(banks, bank.unseen_before_insert.offset) +
              totalOf(banks, bank.unseen_before_issue.offset),
          }),
        },
        // One object for both: one of them accounts for it.
        ...(sampler === (latency ? 'blockio_latency' : 'blockio_requests') && { mapBytes }),
      };
    },
    [Symbol.dispose]: () => resources.dispose(),
  };
}
