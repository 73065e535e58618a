import { RezolusError, UnsupportedError } from '@rezolus/core';
import { type ForeignFunction, type ForeignValue, SharedLibrary } from '@rezolus/libbpf';
import type { Reading } from '../readings.ts';
import { frequenciesBytes, parseFrequency } from './frequencies.ts';

/** Numbers of rocm_smi.h. */
const RSMI_MEM_TYPE_VRAM = 0;
const RSMI_TEMP_CURRENT = 0;
const RSMI_TEMP_TYPE = { edge: 0, junction: 1, memory: 2 } as const;
const RSMI_CLK_TYPE = { system: 0, memory: 4 } as const;

type Functions = ReturnType<typeof bind>;

function bind(library: SharedLibrary) {
  const find = (name: string, parameters: string) =>
    library.find(`int rsmi_dev_${name}_get(uint32_t device, ${parameters})`);
  return {
    throughput: find('pci_throughput', 'void *sent, void *received, void *packet'),
    memoryTotal: find('memory_total', 'int type, void *bytes'),
    memoryUsed: find('memory_usage', 'int type, void *bytes'),
    // The first since ROCm 6; the second is not supported by newer GPUs.
    power: find('power', 'void *microwatts, void *type'),
    powerAverage: find('power_ave', 'uint32_t sensor, void *microwatts'),
    energy: find('energy_count', 'void *count, void *resolution, void *timestamp'),
    temperature: find('temp_metric', 'uint32_t sensor, int metric, void *value'),
    clock: find('gpu_clk_freq', 'int type, void *frequencies'),
    busy: find('busy_percent', 'void *percent'),
    memoryBusy: find('memory_busy_percent', 'void *percent'),
  };
}

/** RsmiDevice: one GPU. */
export class RsmiDevice {
  readonly index: number;
  readonly #functions: Functions;

  constructor(index: number, functions: Functions) {
    this.index = index;
    this.#functions = functions;
  }

  /** readTraffic: PCIe traffic received and transmitted; the driver counts for a second, on another thread. */
  async readTraffic(): Promise<Reading> {
    const [sent, received, packet] = [new BigUint64Array(1), new BigUint64Array(1), new BigUint64Array(1)];
    if (!(await this.#ask(this.#functions.throughput, sent, received, packet))) return [null, null];
    const payload = packet[0] === 0n ? 1n : packet[0]!;
    return [received[0]! * payload, sent[0]! * payload];
  }

  /** read: everything else, in the order of the group. */
  async read(): Promise<Reading> {
    const { memoryTotal, memoryUsed, busy, memoryBusy } = this.#functions;
    const total = await this.#u64(memoryTotal, RSMI_MEM_TYPE_VRAM);
    const used = await this.#u64(memoryUsed, RSMI_MEM_TYPE_VRAM);
    const free = total === null || used === null ? null : total - used;
    const power = await this.#power();
    const energy = await this.#energy();
    const temperatures: (bigint | null)[] = [];
    for (const sensor of Object.values(RSMI_TEMP_TYPE)) temperatures.push(await this.#temperature(sensor));
    const system = await this.#clock(RSMI_CLK_TYPE.system);
    const memory = await this.#clock(RSMI_CLK_TYPE.memory);
    return [
      ...[free, used, power, energy],
      ...temperatures,
      ...[system, system, memory, await this.#u32(busy), await this.#u32(memoryBusy)],
    ];
  }

  async #power(): Promise<bigint | null> {
    const now = new BigUint64Array(1);
    const microwatts = (await this.#ask(this.#functions.power, now, new Uint32Array(1)))
      ? now[0]!
      : await this.#u64(this.#functions.powerAverage, 0);
    return microwatts === null ? null : microwatts / 1000n;
  }

  async #energy(): Promise<bigint | null> {
    const [count, resolution] = [new BigUint64Array(1), new Float32Array(1)];
    const answered = await this.#ask(this.#functions.energy, count, resolution, new BigUint64Array(1));
    // The resolution is the microjoules of one count.
    return answered ? BigInt(Math.round((Number(count[0]) * resolution[0]!) / 1000)) : null;
  }

  async #temperature(sensor: number): Promise<bigint | null> {
    const millidegrees = new BigInt64Array(1);
    const answered = await this.#ask(this.#functions.temperature, sensor, RSMI_TEMP_CURRENT, millidegrees);
    return answered ? BigInt(Math.round(Number(millidegrees[0]) / 1000)) : null;
  }

  async #clock(type: number): Promise<bigint | null> {
    const answer = new Uint8Array(frequenciesBytes);
    return (await this.#ask(this.#functions.clock, type, answer))
      ? parseFrequency(new DataView(answer.buffer))
      : null;
  }

  async #u64(call: ForeignFunction | undefined, ...values: ForeignValue[]): Promise<bigint | null> {
    const answer = new BigUint64Array(1);
    return (await this.#ask(call, ...values, answer)) ? answer[0]! : null;
  }

  async #u32(call: ForeignFunction | undefined): Promise<bigint | null> {
    const answer = new Uint32Array(1);
    return (await this.#ask(call, answer)) ? BigInt(answer[0]!) : null;
  }

  /** Whether the library has the function and it answered. */
  async #ask(call: ForeignFunction | undefined, ...values: ForeignValue[]): Promise<boolean> {
    return call !== undefined && (await call.async(this.index, ...values)) === 0;
  }
}

/** Rsmi: the ROCm system management library and the GPUs it sees. */
export class Rsmi implements Disposable {
  readonly devices: readonly RsmiDevice[];
  readonly #library: SharedLibrary;

  private constructor(library: SharedLibrary, devices: readonly RsmiDevice[]) {
    this.#library = library;
    this.devices = devices;
  }

  /** open: loads the first of the libraries. Throws UnsupportedError without library or GPU; REZ_ERR_SAMPLER_START. */
  static async open(names: readonly string[]): Promise<Rsmi> {
    using cleanup = new DisposableStack();
    const library = cleanup.use(SharedLibrary.open(names, 'the system management library of ROCm'));
    const init = library.find('int rsmi_init(uint64_t flags)');
    const number = library.find('int rsmi_num_monitor_devices(void *number)');
    if (init === undefined || number === undefined) {
      throw new UnsupportedError('rocm_smi', `${library.name} is not a rocm_smi library`);
    }
    const result = await init.async(0);
    if (result !== 0) throw new RezolusError('REZ_ERR_SAMPLER_START', `rsmi_init failed: status ${result}`);
    cleanup.defer(() => void library.find('int rsmi_shut_down(void)')?.());
    const count = new Uint32Array(1);
    const counted = await number.async(count);
    if (counted !== 0 || count[0] === 0) throw new UnsupportedError('amdgpu', 'rocm_smi sees no AMD GPU');
    const functions = bind(library);
    const devices = Array.from({ length: count[0]! }, (_, index) => new RsmiDevice(index, functions));
    cleanup.move();
    return new Rsmi(library, devices);
  }

  /** Shuts the library down and unloads it; nothing of it may be running. */
  [Symbol.dispose](): void {
    this.#library.find('int rsmi_shut_down(void)')?.();
    this.#library[Symbol.dispose]();
  }
}
