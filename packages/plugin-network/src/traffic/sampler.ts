import { ABI, defineSampler } from '@rezolus/core';
import { traffic as trafficBpf } from '../gen/traffic.bpf.ts';
import { openHookCounters } from '../hooks.ts';
import { InterfaceTable } from './interface-table.ts';
import { counters, type Direction, interfaces, type Unit } from './metrics.ts';

const bank = trafficBpf.structs.traffic_bank.fields;
const hooks = { receive: 'netif_receive_skb', transmit: 'net_dev_start_xmit' } as const;

/** networkTraffic: bytes and packets, of the host by hooks and of each interface by the kernel's own counters. */
export const networkTraffic = defineSampler({
  name: 'network_traffic',
  abi: ABI,
  description: 'Bytes and packets of the host and of each interface',
  routes: [
    {
      route: 'tp_btf/netif_receive_skb, tp_btf/net_dev_start_xmit; /proc/net/dev per interface',
      needs: 'kernel BTF',
    },
    {
      route: 'raw_tp/netif_receive_skb, raw_tp/net_dev_start_xmit; /proc/net/dev per interface',
      needs: 'BPF',
    },
  ],
  options: {
    per_interface: {
      type: 'boolean',
      default: true,
      description: 'Whether each interface has series of its own (network_interface_*)',
    },
  },
  groups: [counters, interfaces],
  create(context) {
    const host = openHookCounters(context, trafficBpf, counters, ({ unit, labels }) => {
      const direction = labels!.direction as Direction;
      return { hook: hooks[direction], field: bank[`${direction}_${unit as Unit}`] };
    });
    const perInterface = context.options.per_interface ? context.group(interfaces.name) : null;
    const table = perInterface && new InterfaceTable(perInterface);
    return {
      groups: perInterface ? [host.group, perInterface] : [host.group],
      refresh() {
        host.refresh();
        table?.refresh();
      },
      report() {
        const report = host.report();
        return perInterface ? { ...report, route: `${report.route}, /proc/net/dev` } : report;
      },
      async [Symbol.asyncDispose]() {
        host[Symbol.dispose]();
      },
    };
  },
});
