import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks } from '@rezolus/libbpf';
import { interfaces as interfacesBpf } from '../gen/interfaces.bpf.ts';
import { openHooks } from '../hooks.ts';
import { counters } from './metrics.ts';

const bank = interfacesBpf.structs.interfaces_bank.fields;

/** Where each metric comes from. */
const sources = {
  network_drop: { hook: 'kfree_skb', field: bank.drop },
  network_transmit_busy: { hook: 'net_dev_xmit', field: bank.transmit_busy },
  network_transmit_complete: { hook: 'net_dev_xmit', field: bank.transmit_complete },
  network_transmit_timeout: { hook: 'net_dev_xmit_timeout', field: bank.transmit_timeout },
} as const;

type Metric = keyof typeof sources;

/** networkInterfaces: packets that were dropped, refused by a driver or stuck in one. */
export const networkInterfaces = defineSampler({
  name: 'network_interfaces',
  abi: ABI,
  description: 'Dropped packets, busy drivers and stuck transmit queues',
  groups: [counters],
  create(context) {
    const hooks = openHooks(context, interfacesBpf, [
      ...new Set(Object.values(sources).map(({ hook }) => hook)),
    ]);
    const isMeasured = ({ name }: { name: string }) =>
      hooks.programs.some(
        (program) => program.attached && program.label?.endsWith(`/${sources[name as Metric].hook}`),
      );
    const group = context.group(counters.name, isMeasured);
    const fields = group.metrics('counter').map(({ name }) => sources[name as Metric].field);
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        for (const [slot, { offset }] of fields.entries()) {
          sumBanks(group.counters.subarray(slot, slot + 1), hooks.banks, offset);
        }
        group.endRead();
      },
      report: () => hooks.report(),
      async [Symbol.asyncDispose]() {
        hooks[Symbol.dispose]();
      },
    };
  },
});
