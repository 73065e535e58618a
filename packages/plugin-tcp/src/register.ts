import type { SamplersHook } from '@rezolus/core';
import { tcpConnectLatency } from './connect-latency/sampler.ts';
import { tcpPacketLatency } from './packet-latency/sampler.ts';
import { tcpReceive } from './receive/sampler.ts';
import { tcpRetransmit } from './retransmit/sampler.ts';
import { tcpTraffic } from './traffic/sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  for (const definition of [tcpConnectLatency, tcpPacketLatency, tcpReceive, tcpRetransmit, tcpTraffic]) {
    registrar.add(definition);
  }
};

export default register;
