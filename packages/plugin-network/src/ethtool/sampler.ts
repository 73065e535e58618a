import { ABI, defineSampler, UnsupportedError } from '@rezolus/core';
import { controlSocket } from '@rezolus/libbpf';
import { askKernel } from './device.ts';
import { Limits } from './limits.ts';
import { limits as limitsGroup } from './metrics.ts';

/** networkEthtool: how often an EC2 instance ran into the limits of its network, as the ENA driver counts it. */
export const networkEthtool = defineSampler({
  name: 'network_ethtool',
  abi: ABI,
  description: 'Packets over the network limits of an EC2 instance, per interface (ENA driver)',
  routes: [{ route: 'ioctl SIOCETHTOOL', needs: 'the ENA driver (Amazon EC2)' }],
  groups: [limitsGroup],
  create(context) {
    const socket = controlSocket();
    const limits = new Limits(askKernel(socket.fd));
    if (limits.refresh().length === 0) {
      socket[Symbol.dispose]();
      throw new UnsupportedError(
        'ena',
        'no network interface has the statistics *_allowance_exceeded of the ENA driver (Amazon EC2)',
      );
    }
    const group = context.group(limitsGroup.name);
    return {
      groups: [group],
      refresh: () => limits.read(group),
      report: () => ({ route: 'SIOCETHTOOL' }),
      async [Symbol.asyncDispose]() {
        socket[Symbol.dispose]();
      },
    };
  },
});
