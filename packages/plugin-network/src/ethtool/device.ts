import { ioctl } from '@rezolus/libbpf';
import {
  driverInfoRequest,
  namesRequest,
  parseNames,
  parseStat,
  parseStatCount,
  statsRequest,
} from './messages.ts';

const SIOCETHTOOL = 0x8946;
/** `struct ifreq`: the name of the interface, then a pointer to the message. */
const IFNAMSIZ = 16;
const ifreqBytes = 40;

/** Ask: hands a message about an interface to the kernel, which writes its answer into it; whether it did. */
export type Ask = (name: string, message: Uint8Array) => boolean;

/** askKernel: asks through a socket. */
export function askKernel(socket: number): Ask {
  return (name, message) => {
    const request = new Uint8Array(ifreqBytes);
    request.set(Buffer.from(name).subarray(0, IFNAMSIZ - 1));
    return ioctl(socket, SIOCETHTOOL, request, [{ offset: IFNAMSIZ, target: message }]) >= 0;
  };
}

/** EthtoolDevice: the statistics of one interface that its driver names. */
export class EthtoolDevice {
  readonly name: string;
  readonly #ask: Ask;
  readonly #wanted: readonly string[];
  #count = 0;
  /** Position of each wanted statistic, -1 where the driver has none of that name. */
  #positions: readonly number[] = [];
  #answer: Uint8Array = new Uint8Array(8);

  constructor(name: string, wanted: readonly string[], ask: Ask) {
    this.name = name;
    this.#wanted = wanted;
    this.#ask = ask;
  }

  /** refresh: reads the values; false where the interface has none of the statistics, or is gone. */
  refresh(): boolean {
    const info = driverInfoRequest();
    const count = this.#ask(this.name, info) ? parseStatCount(info) : 0;
    if (count === 0) return false;
    if (count !== this.#count) this.#findPositions(count);
    return this.#positions.some((position) => position >= 0) && this.#ask(this.name, this.#answer);
  }

  /** value: the wanted statistic `index` at the last refresh, undefined where the driver does not have it. */
  value(index: number): bigint | undefined {
    const position = this.#positions[index] ?? -1;
    return position < 0 ? undefined : parseStat(this.#answer, position);
  }

  #findPositions(count: number): void {
    const answer = namesRequest(count);
    const names = this.#ask(this.name, answer) ? parseNames(answer) : [];
    this.#count = count;
    this.#positions = this.#wanted.map((name) => names.indexOf(name));
    this.#answer = statsRequest(count);
  }
}
