import type { GroupDeclaration } from '@rezolus/core';

export const counters: GroupDeclaration = {
  name: 'network_interfaces_counters',
  per: 'host',
  metrics: [
    {
      name: 'network_drop',
      kind: 'counter',
      unit: 'packets',
      description:
        'Packets that the network stack dropped for want of room (rings, queues, buffers, memory), a bad checksum or header, an unreachable neighbour or a missing route; not what a filter or a closed port refuses',
    },
    {
      name: 'network_transmit_busy',
      kind: 'counter',
      unit: 'packets',
      description: 'Packets that a driver did not take; they are tried again',
    },
    {
      name: 'network_transmit_complete',
      kind: 'counter',
      unit: 'packets',
      description: 'Packets that a driver took',
    },
    {
      name: 'network_transmit_timeout',
      kind: 'counter',
      unit: 'events',
      description: 'Times that a transmit queue of a device was stuck, by any driver',
    },
  ],
};
