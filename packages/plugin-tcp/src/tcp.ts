import type { MappedMap, SamplerContext, SamplerReport } from '@rezolus/core';
import { requireAttached, totalOf, tracepoints } from '@rezolus/libbpf';
import { tcp as tcpBpf } from './gen/tcp.bpf.ts';

const bank = tcpBpf.structs.tcp_bank.fields;

/** Sockets that are timed at once, per sampler: those in SYN_SENT, and those with data that nobody has read. */
const maxSockets = 16_384;

const hooks = {
  tcp_connect_latency: ['inet_sock_set_state'],
  tcp_packet_latency: ['tcp_probe', 'tcp_rcv_space_adjust', 'tcp_destroy_sock'],
  tcp_receive: ['tcp_probe'],
  tcp_retransmit: ['tcp_retransmit_skb'],
} as const;

type TcpSampler = keyof typeof hooks;

/** Tcp: the loaded TCP object, shared by all samplers of this package but tcp_traffic. */
export interface Tcp extends Disposable {
  readonly banks: MappedMap;
  readonly bank: typeof bank;
  report(sampler: TcpSampler): SamplerReport;
}

/**
 * openTcp: loads the object once for all samplers; hooks and parts that no enabled sampler needs are left out. Throws
 * UnsupportedError where the kernel lacks a hook of the sampler that asks.
 */
export async function openTcp(context: SamplerContext): Promise<Tcp> {
  const tcp = await context.shared('tcp', () => load(context));
  requireAttached(tcp.report(context.sampler as TcpSampler).programs ?? []);
  return tcp;
}

function load({ bpf, enabled, possibleCpus }: SamplerContext): Tcp {
  const object = bpf.open(tcpBpf);
  try {
    const samplers = (Object.keys(hooks) as TcpSampler[]).filter((sampler) => enabled.has(sampler));
    const wanted = new Set<string>(samplers.flatMap((sampler) => hooks[sampler]));
    const chosen = tracepoints(
      object,
      tcpBpf,
      bpf.kernelBtf,
      Object.fromEntries(
        Object.values(hooks)
          .flat()
          .map((hook) => [hook, wanted.has(hook)]),
      ),
    );
    object.configure({
      packet_latency_enabled: enabled.has('tcp_packet_latency'),
      receive_enabled: enabled.has('tcp_receive'),
    });
    object.resize('banks', possibleCpus);
    object.resize('connect_starts', enabled.has('tcp_connect_latency') ? maxSockets : 1);
    object.resize('packet_starts', enabled.has('tcp_packet_latency') ? maxSockets : 1);
    object.load();
    const programs = object.attachAll(chosen);
    const route = bpf.kernelBtf ? 'btf' : 'raw';
    const banks = object.map('banks');
    const mapBytes = object.mapBytes();
    return {
      banks,
      bank,
      report(sampler) {
        const used = programs.filter(({ name }) =>
          hooks[sampler].some((hook) => name === `${hook}_${route}`),
        );
        return {
          route: used.map(({ label }) => label).join(', '),
          programs: used,
          ...(sampler === 'tcp_connect_latency' && {
            drops: { connects_beyond_table: totalOf(banks, bank.untracked_connects.offset) },
          }),
          ...(sampler === 'tcp_packet_latency' && {
            drops: { segments_beyond_table: totalOf(banks, bank.untracked_segments.offset) },
          }),
          // One object for all: the first that is enabled accounts for it.
          ...(sampler === samplers[0] && { mapBytes }),
        };
      },
      [Symbol.dispose]: () => object[Symbol.dispose](),
    };
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}
