/** Messages of SIOCETHTOOL (include/uapi/linux/ethtool.h): a u32 command, then what it asks for and is answered. */

const ETHTOOL_GDRVINFO = 0x03;
const ETHTOOL_GSTRINGS = 0x1b;
const ETHTOOL_GSTATS = 0x1d;
const ETH_SS_STATS = 1;

const driverInfoBytes = 196;
const nameBytes = 32;
const statBytes = 8;
/** More statistics than any driver has; a larger count is not believed. */
const maxStats = 65_536;

/** driverInfoRequest: asks for `struct ethtool_drvinfo`. */
export function driverInfoRequest(): Uint8Array {
  return message(driverInfoBytes, ETHTOOL_GDRVINFO);
}

/** parseStatCount: how many statistics the driver has, by its `n_stats`; a count that cannot be is 0. */
export function parseStatCount(answer: Uint8Array): number {
  const count = words(answer).getUint32(180, true);
  return count <= maxStats ? count : 0;
}

/** namesRequest: asks for the names of `count` statistics (`struct ethtool_gstrings`). */
export function namesRequest(count: number): Uint8Array {
  const request = message(12 + withSlack(count) * nameBytes, ETHTOOL_GSTRINGS);
  words(request).setUint32(4, ETH_SS_STATS, true);
  words(request).setUint32(8, count, true);
  return request;
}

/** parseNames: the names in their order; no more than the answer has room for. */
export function parseNames(answer: Uint8Array): string[] {
  const count = Math.min(words(answer).getUint32(8, true), Math.floor((answer.length - 12) / nameBytes));
  return Array.from({ length: count }, (_, index) =>
    text(answer.subarray(12 + index * nameBytes, 12 + (index + 1) * nameBytes)),
  );
}

/** statsRequest: asks for the values of `count` statistics (`struct ethtool_stats`). */
export function statsRequest(count: number): Uint8Array {
  const request = message(8 + withSlack(count) * statBytes, ETHTOOL_GSTATS);
  words(request).setUint32(4, count, true);
  return request;
}

/** parseStat: value `index` of the answer, undefined where it has fewer. */
export function parseStat(answer: Uint8Array, index: number): bigint | undefined {
  const at = 8 + index * statBytes;
  const count = words(answer).getUint32(4, true);
  return index < count && at + statBytes <= answer.length ? words(answer).getBigUint64(at, true) : undefined;
}

/**
 * withSlack: room for more than was announced. The kernel writes as many as the driver has by then, and a driver has
 * more when queues are added.
 */
function withSlack(count: number): number {
  return count * 2 + 1024;
}

function message(length: number, command: number): Uint8Array {
  const bytes = new Uint8Array(length);
  words(bytes).setUint32(0, command, true);
  return bytes;
}

function words(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString('utf8');
}
