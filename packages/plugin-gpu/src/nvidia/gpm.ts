import type { ForeignFunction, SharedLibrary } from '@rezolus/libbpf';

/**
 * NVML_GPM_METRIC_*: SM_UTIL, SM_OCCUPANCY, DRAM_BW_UTIL and ANY, HMMA, IMMA and DFMA_TENSOR_UTIL, in the order in
 * which the group declares them.
 */
const metricIds = [2, 3, 10, 5, 7, 9, 6] as const;

/** noGpm: the values of a device without GPM. */
export const noGpm: readonly null[] = metricIds.map(() => null);

/** nvmlGpmMetricsGet_t: version, number, two samples, then room for metrics; the most that a header ever had. */
const layout = { samples: 8, metrics: 24, metricBytes: 40, metricsMost: 333, result: 4, value: 8 } as const;
const VERSION = 1;

/** GpmFunctions: the part of NVML that compares two moments of a GPU (Hopper and later, driver 520 and later). */
export interface GpmFunctions {
  readonly support: ForeignFunction;
  readonly allocate: ForeignFunction;
  readonly release: ForeignFunction;
  readonly sample: ForeignFunction;
  readonly compare: ForeignFunction;
}

/** findGpm: binds the functions; undefined where the driver does not have them. */
export function findGpm(library: SharedLibrary): GpmFunctions | undefined {
  const support = library.find('int nvmlGpmQueryDeviceSupport(void *device, void *support)');
  const allocate = library.find('int nvmlGpmSampleAlloc(void *sample)');
  const release = library.find('int nvmlGpmSampleFree(void *sample)');
  const sample = library.find('int nvmlGpmSampleGet(void *device, void *sample)');
  const compare = library.find('int nvmlGpmMetricsGet(void *metrics)');
  return support && allocate && release && sample && compare
    ? { support, allocate, release, sample, compare }
    : undefined;
}

/** Gpm: what a GPU did between two readings. */
export class Gpm implements Disposable {
  readonly #functions: GpmFunctions;
  readonly #device: bigint;
  /** The sample of the last reading, and the one for the next. */
  #samples: [bigint, bigint];
  #hasLast = false;

  private constructor(functions: GpmFunctions, device: bigint, samples: [bigint, bigint]) {
    this.#functions = functions;
    this.#device = device;
    this.#samples = samples;
  }

  /** open: undefined where the GPU does not support it. */
  static open(functions: GpmFunctions, device: bigint): Gpm | undefined {
    const support = Uint32Array.of(VERSION, 0);
    if (functions.support(device, support) !== 0 || support[1] === 0) return undefined;
    const pointers = [new BigUint64Array(1), new BigUint64Array(1)] as const;
    const allocated = pointers.filter((pointer) => functions.allocate(pointer) === 0);
    if (allocated.length < 2) {
      for (const [pointer] of allocated) functions.release(pointer!);
      return undefined;
    }
    return new Gpm(functions, device, [pointers[0][0]!, pointers[1][0]!]);
  }

  /** read: the metrics since the last call, null where there is none, as at the first call. */
  async read(): Promise<readonly (bigint | null)[]> {
    const [last, now] = this.#samples;
    const hadLast = this.#hasLast;
    this.#hasLast = (await this.#functions.sample.async(this.#device, now)) === 0;
    if (!this.#hasLast) return noGpm;
    this.#samples = [now, last];
    return hadLast ? this.#compare(last, now) : noGpm;
  }

  [Symbol.dispose](): void {
    for (const sample of this.#samples) this.#functions.release(sample);
  }

  async #compare(last: bigint, now: bigint): Promise<readonly (bigint | null)[]> {
    const request = new Uint8Array(layout.metrics + layout.metricsMost * layout.metricBytes);
    const view = new DataView(request.buffer);
    view.setUint32(0, VERSION, true);
    view.setUint32(4, metricIds.length, true);
    view.setBigUint64(layout.samples, last, true);
    view.setBigUint64(layout.samples + 8, now, true);
    const at = (index: number) => layout.metrics + index * layout.metricBytes;
    for (const [index, id] of metricIds.entries()) view.setUint32(at(index), id, true);
    if ((await this.#functions.compare.async(request)) !== 0) return noGpm;
    return metricIds.map((_, index) => {
      const value = view.getFloat64(at(index) + layout.value, true);
      const valid = view.getInt32(at(index) + layout.result, true) === 0 && Number.isFinite(value);
      return valid ? BigInt(Math.round(value)) : null;
    });
  }
}
