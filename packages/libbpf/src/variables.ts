import { RezolusError } from '@rezolus/core';

/**
 * storeVariable: writes a value over the whole variable in `memory` (little-endian); bytes fill it from its start and
 * leave the rest. Throws REZ_ERR_BPF_MAP where the value does not fit, so that nothing is cut off silently.
 */
export function storeVariable(
  name: string,
  memory: DataView,
  value: number | bigint | boolean | Uint8Array,
): void {
  if (value instanceof Uint8Array) {
    if (value.length > memory.byteLength) throw misfit(name, `${value.length} bytes`);
    new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength).set(value);
    return;
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw misfit(name, String(value));
  const bits = memory.byteLength * 8;
  const integer = BigInt(value);
  if (![8, 16, 32, 64].includes(bits)) throw misfit(name, 'one number');
  if (integer < -(1n << BigInt(bits - 1)) || integer >> BigInt(bits) > 0n) throw misfit(name, String(value));
  for (let at = 0; at < memory.byteLength; at++) {
    memory.setUint8(at, Number((integer >> BigInt(at * 8)) & 0xffn));
  }
}

function misfit(name: string, value: string): RezolusError {
  return new RezolusError('REZ_ERR_BPF_MAP', `variable ${name} cannot hold ${value}`);
}
