import { ABI, defineSampler } from '@rezolus/core';
import { interfaces as interfacesBpf } from '../gen/interfaces.bpf.ts';
import { openHookCounters } from '../hooks.ts';
import { counters } from './metrics.ts';

const bank = interfacesBpf.structs.interfaces_bank.fields;

const sources = {
  network_drop: { hook: 'kfree_skb', field: bank.drop },
  network_transmit_busy: { hook: 'net_dev_xmit', field: bank.transmit_busy },
  network_transmit_complete: { hook: 'net_dev_xmit', field: bank.transmit_complete },
  network_transmit_timeout: { hook: 'net_dev_xmit_timeout', field: bank.transmit_timeout },
} as const;

/** networkInterfaces: packets that were dropped, refused by a driver or stuck in one. */
export const networkInterfaces = defineSampler({
  name: 'network_interfaces',
  abi: ABI,
  description: 'Dropped packets, busy drivers and stuck transmit queues',
  routes: [
    { route: 'tp_btf/kfree_skb, tp_btf/net_dev_xmit, tp_btf/net_dev_xmit_timeout', needs: 'kernel BTF' },
    { route: 'raw_tp/kfree_skb, raw_tp/net_dev_xmit, raw_tp/net_dev_xmit_timeout', needs: 'BPF' },
  ],
  groups: [counters],
  create(context) {
    const hooks = openHookCounters(
      context,
      interfacesBpf,
      counters,
      ({ name }) => sources[name as keyof typeof sources],
    );
    return {
      groups: [hooks.group],
      refresh: () => hooks.refresh(),
      report: () => hooks.report(),
      async [Symbol.asyncDispose]() {
        hooks[Symbol.dispose]();
      },
    };
  },
});
