import { RezolusError, UnsupportedError } from '@rezolus/core';
import { type ForeignFunction, type ForeignValue, SharedLibrary } from '@rezolus/libbpf';
import type { Reading } from '../readings.ts';
import { findGpm, Gpm, noGpm } from './gpm.ts';

/** Numbers of nvml.h. */
const NVML_ERROR_NOT_FOUND = 6;
const NVML_ERROR_DRIVER_NOT_LOADED = 9;
const NVML_TEMPERATURE_GPU = 0;
const NVML_PCIE_UTIL = { transmit: 0, receive: 1 } as const;
const NVML_CLOCK = { graphics: 0, sm: 1, memory: 2, video: 3 } as const;

const MiB = 1n << 20n;
/** What a lane carries by generation of PCIe, MiB/s. */
const laneMiB = [250n, 500n, 984n, 1970n, 3940n, 7560n, 15_130n] as const;

type Functions = ReturnType<typeof bind>;

function bind(library: SharedLibrary) {
  const about = (name: string) => library.find(`int ${name}(void *device, void *value)`);
  return {
    memory: about('nvmlDeviceGetMemoryInfo'),
    linkGeneration: about('nvmlDeviceGetCurrPcieLinkGeneration'),
    linkWidth: about('nvmlDeviceGetCurrPcieLinkWidth'),
    throughput: library.find('int nvmlDeviceGetPcieThroughput(void *device, int counter, void *value)'),
    power: about('nvmlDeviceGetPowerUsage'),
    energy: about('nvmlDeviceGetTotalEnergyConsumption'),
    temperature: library.find('int nvmlDeviceGetTemperature(void *device, int sensor, void *value)'),
    clock: library.find('int nvmlDeviceGetClockInfo(void *device, int type, void *value)'),
    utilization: about('nvmlDeviceGetUtilizationRates'),
  };
}

/** NvmlDevice: one GPU. */
export class NvmlDevice implements Disposable {
  readonly index: number;
  readonly #handle: bigint;
  readonly #functions: Functions;
  readonly #gpm: Gpm | undefined;

  constructor(index: number, handle: bigint, functions: Functions, gpm: Gpm | undefined) {
    this.index = index;
    this.#handle = handle;
    this.#functions = functions;
    this.#gpm = gpm;
  }

  /** read: everything, in the order of the group; takes some 50 ms, on other threads. */
  async read(): Promise<Reading> {
    const { memory, power, energy, utilization } = this.#functions;
    const [, free = null, used = null] = await this.#ask(memory, BigUint64Array, 3);
    const bandwidth = await this.#bandwidth();
    const receive = await this.#throughput(NVML_PCIE_UTIL.receive);
    const transmit = await this.#throughput(NVML_PCIE_UTIL.transmit);
    const [milliwatts = null] = await this.#ask(power, Uint32Array, 1);
    const [millijoules = null] = await this.#ask(energy, BigUint64Array, 1);
    const [celsius = null] = await this.#ask(
      this.#functions.temperature,
      Int32Array,
      1,
      NVML_TEMPERATURE_GPU,
    );
    const clocks: (bigint | null)[] = [];
    for (const type of [NVML_CLOCK.sm, NVML_CLOCK.graphics, NVML_CLOCK.memory, NVML_CLOCK.video]) {
      const [megahertz] = await this.#ask(this.#functions.clock, Uint32Array, 1, type);
      clocks.push(megahertz === undefined ? null : megahertz * 1_000_000n);
    }
    const [busy = null, memoryBusy = null] = await this.#ask(utilization, Uint32Array, 2);
    const gpm = this.#gpm === undefined ? noGpm : await this.#gpm.read();
    return [
      ...[free, used, bandwidth, receive, transmit, milliwatts, millijoules, celsius],
      ...clocks,
      ...[busy, memoryBusy],
      ...gpm,
    ];
  }

  [Symbol.dispose](): void {
    this.#gpm?.[Symbol.dispose]();
  }

  async #bandwidth(): Promise<bigint | null> {
    const [generation] = await this.#ask(this.#functions.linkGeneration, Uint32Array, 1);
    const [width] = await this.#ask(this.#functions.linkWidth, Uint32Array, 1);
    const lane = generation === undefined ? undefined : laneMiB[Number(generation) - 1];
    return lane === undefined || width === undefined ? null : lane * width * MiB;
  }

  async #throughput(counter: number): Promise<bigint | null> {
    const [kilobytes] = await this.#ask(this.#functions.throughput, Uint32Array, 1, counter);
    return kilobytes === undefined ? null : kilobytes * 1024n;
  }

  /** The words that a function answers; none where it refuses or the driver does not have it. */
  async #ask(
    call: ForeignFunction | undefined,
    words: Uint32ArrayConstructor | Int32ArrayConstructor | BigUint64ArrayConstructor,
    count: number,
    ...values: ForeignValue[]
  ): Promise<bigint[]> {
    const answer = new words(count);
    if (call === undefined || (await call.async(this.#handle, ...values, answer)) !== 0) return [];
    return Array.from(answer, BigInt);
  }
}

/** Nvml: the NVIDIA management library and the GPUs it sees. */
export class Nvml implements Disposable {
  readonly devices: readonly NvmlDevice[];
  /** GPUs that are there but cannot be asked, a sentence each. */
  readonly refused: readonly string[];
  readonly #library: SharedLibrary;

  private constructor(library: SharedLibrary, devices: readonly NvmlDevice[], refused: readonly string[]) {
    this.#library = library;
    this.devices = devices;
    this.refused = refused;
  }

  /** open: loads the first of the libraries. Throws UnsupportedError without library, driver or GPU; REZ_ERR_SAMPLER_START. */
  static async open(names: readonly string[]): Promise<Nvml> {
    using cleanup = new DisposableStack();
    const library = cleanup.use(SharedLibrary.open(names, 'the management library of the NVIDIA driver'));
    const describe = library.find<string>('const char *nvmlErrorString(int result)');
    const reason = (result: number) => describe?.(result) ?? `error ${result}`;
    // Without a display and without persistence mode this wakes the GPUs, which takes seconds.
    const result = await required(library, 'int nvmlInit_v2(void)').async();
    if (result === NVML_ERROR_DRIVER_NOT_LOADED || result === NVML_ERROR_NOT_FOUND) {
      throw new UnsupportedError('nvidia', `no NVIDIA GPU can be reached: ${reason(result)}`);
    }
    if (result !== 0) throw new RezolusError('REZ_ERR_SAMPLER_START', `NVML says: ${reason(result)}`);
    cleanup.defer(() => void library.find('int nvmlShutdown(void)')?.());
    const count = new Uint32Array(1);
    await required(library, 'int nvmlDeviceGetCount_v2(void *count)').async(count);
    const functions = bind(library);
    const gpm = findGpm(library);
    const byIndex = required(library, 'int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void *device)');
    const devices: NvmlDevice[] = [];
    const refused: string[] = [];
    for (let index = 0; index < count[0]!; index++) {
      const handle = new BigUint64Array(1);
      const refusal = await byIndex.async(index, handle);
      if (refusal !== 0) {
        refused.push(`GPU ${index} cannot be asked: ${reason(refusal)}`);
        continue;
      }
      const own = gpm && Gpm.open(gpm, handle[0]!);
      devices.push(cleanup.use(new NvmlDevice(index, handle[0]!, functions, own)));
    }
    if (devices.length === 0) {
      throw new UnsupportedError('nvidia', ['the NVIDIA driver sees no GPU', ...refused].join('; '));
    }
    const nvml = new Nvml(library, devices, refused);
    cleanup.move();
    return nvml;
  }

  /** Shuts NVML down and unloads it; nothing of it may be running. */
  [Symbol.dispose](): void {
    for (const device of this.devices) device[Symbol.dispose]();
    this.#library.find('int nvmlShutdown(void)')?.();
    this.#library[Symbol.dispose]();
  }
}

function required(library: SharedLibrary, prototype: string): ForeignFunction {
  const found = library.find(prototype);
  if (found !== undefined) return found;
  throw new UnsupportedError('nvml', `${library.name} is too old: it has no ${prototype}`);
}
