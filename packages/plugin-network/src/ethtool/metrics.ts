import type { GroupDeclaration } from '@rezolus/core';

const metric = (name: string, description: string, labels?: Readonly<Record<string, string>>) =>
  ({ name, kind: 'counter', unit: 'packets', description, ...(labels && { labels }) }) as const;

/** Order of the metrics = order of `allowances`. */
export const limits: GroupDeclaration = {
  name: 'main',
  per: 'device',
  metrics: [
    ...(['receive', 'transmit'] as const).map((direction) =>
      metric(
        'network_ena_bandwidth_allowance_exceeded',
        'Packets held back or dropped because the instance was over its bandwidth',
        { direction },
      ),
    ),
    metric(
      'network_ena_pps_allowance_exceeded',
      'Packets held back or dropped because the instance was over its packets per second',
    ),
    metric(
      'network_ena_conntrack_allowance_exceeded',
      'Packets dropped because the instance was over its number of tracked connections',
    ),
    metric(
      'network_ena_linklocal_allowance_exceeded',
      'Packets dropped because the instance was over its packets per second to local services (DNS, metadata, time)',
    ),
  ],
};

/** allowances: names of the statistics of the ENA driver (drivers/net/ethernet/amazon/ena/ena_ethtool.c). */
export const allowances = [
  'bw_in_allowance_exceeded',
  'bw_out_allowance_exceeded',
  'pps_allowance_exceeded',
  'conntrack_allowance_exceeded',
  'linklocal_allowance_exceeded',
] as const;
