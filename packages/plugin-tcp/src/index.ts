export { tcpConnectLatency } from './connect-latency/sampler.ts';
export { tcpPacketLatency } from './packet-latency/sampler.ts';
export { tcpReceive } from './receive/sampler.ts';
export { tcpRetransmit } from './retransmit/sampler.ts';
export { tcpTraffic } from './traffic/sampler.ts';
