import type { GroupDeclaration } from '@rezolus/core';

const directions = ['receive', 'transmit'] as const;

/** Direction: the label `direction`. */
export type Direction = (typeof directions)[number];

/** Unit: what is counted. */
export type Unit = 'bytes' | 'packets';

const metric = (name: string, unit: Unit, description: string) =>
  directions.map(
    (direction) => ({ name, kind: 'counter', unit, description, labels: { direction } }) as const,
  );

/** Each metric is the field `<direction>_<unit>` of `struct traffic_bank`. */
export const counters: GroupDeclaration = {
  name: 'network_traffic_counters',
  per: 'host',
  metrics: [
    ...metric(
      'network_bytes',
      'bytes',
      'Bytes between the network stack and all devices of all network namespaces, loopback and virtual ones included; a packet on a stack of devices counts on each. Received without the link-layer header, sent with it',
    ),
    ...metric(
      'network_packets',
      'packets',
      'Packets between the network stack and all devices of all network namespaces; one that segmentation offload (GSO, TSO) cuts up later or receive offload (GRO) has merged counts once',
    ),
  ],
};

/** Order of the metrics = order of `columns` of the table of interfaces. */
export const interfaces: GroupDeclaration = {
  name: 'network_traffic_interfaces',
  per: 'device',
  metrics: [
    ...metric(
      'network_interface_bytes',
      'bytes',
      "Bytes as the interface's driver counts them (/proc/net/dev), with link-layer headers and after segmentation; interfaces of the agent's network namespace",
    ),
    ...metric(
      'network_interface_packets',
      'packets',
      "Packets as the interface's driver counts them: what is on the wire, so more than network_packets where offloads cut and merge",
    ),
    ...metric(
      'network_interface_errors',
      'packets',
      'Packets that the interface received damaged or could not send',
    ),
    ...metric(
      'network_interface_drops',
      'packets',
      "Packets that the interface's driver or queue dropped, mostly for want of room; network_drop counts drops in the network stack",
    ),
  ],
};
