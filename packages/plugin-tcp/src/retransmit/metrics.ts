import type { GroupDeclaration } from '@rezolus/core';

export const counters: GroupDeclaration = {
  name: 'tcp_retransmit_counters',
  per: 'host',
  metrics: [
    {
      name: 'tcp_retransmit',
      kind: 'counter',
      unit: 'packets',
      description:
        'Segments sent again, loss probes included. RetransSegs of /proc/net/snmp of all network namespaces, less repeated SYN-ACKs and attempts that the host itself refused',
    },
  ],
};
