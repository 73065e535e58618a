import {
  type BpfObject,
  type BpfObjectSpec,
  type MappedMap,
  type SamplerContext,
  type SamplerReport,
  sentence,
  UnsupportedError,
} from '@rezolus/core';
import { requireAttached, tracepoints } from '@rezolus/libbpf';
import { traffic } from '../gen/traffic.bpf.ts';
import { trafficFexit } from '../gen/traffic_fexit.bpf.ts';
import { trafficKprobe } from '../gen/traffic_kprobe.bpf.ts';

/** Route: one way to hook what programs send and receive. */
interface Route {
  readonly spec: BpfObjectSpec;
  /** What this way counts otherwise than the metrics say. */
  readonly differences: readonly string[];
  /** Sets the object up before it is loaded and returns the programs to attach. */
  prepare(object: BpfObject, context: SamplerContext): readonly string[];
}

const zeroCopy = 'reads with TCP_ZEROCOPY_RECEIVE are not counted';

/** The ways in order of how well they keep to the meaning of the metrics. */
const routes: readonly Route[] = [
  {
    spec: trafficFexit,
    differences: [zeroCopy],
    prepare(object, { possibleCpus }) {
      object.configure({ possible_cpus: possibleCpus });
      object.resize('banks', possibleCpus * 2);
      return Object.keys(trafficFexit.programs);
    },
  },
  {
    spec: traffic,
    differences: [zeroCopy, 'reads of the kernel itself (splice, TLS, network storage) are not counted'],
    prepare(object, { bpf, possibleCpus }) {
      object.resize('banks', possibleCpus);
      return tracepoints(object, traffic, bpf.kernelBtf, { sock_send_length: true, sock_recv_length: true });
    },
  },
  {
    spec: trafficKprobe,
    differences: [
      'what programs offer to send is counted, not what TCP accepts',
      'bytes seen with MSG_PEEK are counted as received, and those of a call that waits for more are counted again',
    ],
    prepare(object, { possibleCpus }) {
      object.resize('banks', possibleCpus);
      return Object.keys(trafficKprobe.programs);
    },
  },
];

/** Traffic: the loaded object of the best route that works here. All objects have the same banks. */
export interface Traffic extends Disposable {
  readonly banks: MappedMap;
  report(): SamplerReport;
}

/** bankFields: the layout of the banks. */
export const bankFields = traffic.structs.traffic_bank.fields;

/**
 * openTraffic: takes the first route all of whose programs attach. Throws the error of the last one, or
 * UnsupportedError with all reasons where this kernel offers none of them.
 */
export function openTraffic(context: SamplerContext): Traffic {
  const errors: unknown[] = [];
  for (const route of routes) {
    try {
      return openRoute(route, context);
    } catch (error) {
      context.log.debug({ object: route.spec.name, err: error }, 'route not taken');
      errors.push(error);
    }
  }
  const last = errors.at(-1);
  if (!(last instanceof UnsupportedError)) throw last;
  throw new UnsupportedError('tcp_traffic', `no way to see TCP traffic: ${errors.map(sentence).join('; ')}`);
}

function openRoute({ spec, differences, prepare }: Route, context: SamplerContext): Traffic {
  const object = context.bpf.open(spec);
  try {
    const chosen = prepare(object, context);
    object.load();
    const programs = object.attachAll(chosen);
    requireAttached(programs);
    const mapBytes = object.mapBytes();
    return {
      banks: object.map('banks'),
      report: () => ({
        route: programs.map(({ label }) => label).join(', '),
        programs,
        missing: differences,
        mapBytes,
      }),
      [Symbol.dispose]: () => object[Symbol.dispose](),
    };
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}
