import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks } from '@rezolus/libbpf';
import { traffic as trafficBpf } from '../gen/traffic.bpf.ts';
import { openHooks } from '../hooks.ts';
import { InterfaceTable } from './interface-table.ts';
import { counters, interfaces } from './metrics.ts';

const { receive_bytes } = trafficBpf.structs.traffic_bank.fields;

/** networkTraffic: bytes and packets, of the host by hooks and of each interface by the kernel's own counters. */
export const networkTraffic = defineSampler({
  name: 'network_traffic',
  abi: ABI,
  description: 'Bytes and packets of the host and of each interface',
  options: {
    per_interface: {
      type: 'boolean',
      default: true,
      description: 'Whether each interface has series of its own (network_interface_*)',
    },
  },
  groups: [counters, interfaces],
  create(context) {
    const hooks = openHooks(context, trafficBpf, ['netif_receive_skb', 'net_dev_start_xmit']);
    const host = context.group(counters.name);
    const perInterface = context.options.per_interface ? context.group(interfaces.name) : null;
    const table = perInterface && new InterfaceTable(perInterface);
    return {
      groups: perInterface ? [host, perInterface] : [host],
      refresh() {
        host.beginRead();
        sumBanks(host.counters, hooks.banks, receive_bytes.offset);
        host.endRead();
        table?.refresh();
      },
      report() {
        const report = hooks.report();
        return perInterface ? { ...report, route: `${report.route}, /proc/net/dev` } : report;
      },
      async [Symbol.asyncDispose]() {
        hooks[Symbol.dispose]();
      },
    };
  },
});
