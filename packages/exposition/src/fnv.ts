const word = 2 ** 32;

/**
 * fnv1a128: FNV-1a of 128 bits over `bytes` as two u64, high and low. The prime is 2^88 + 0x13b: one small
 * multiplication per 32-bit limb and a shift, all exact in doubles.
 */
export function fnv1a128(bytes: Uint8Array): readonly [high: bigint, low: bigint] {
  // Offset basis 0x6c62272e07bb014262b821756295c58d, lowest limb first.
  let h0 = 0x6295_c58d;
  let h1 = 0x62b8_2175;
  let h2 = 0x07bb_0142;
  let h3 = 0x6c62_272e;
  for (let i = 0; i < bytes.length; i++) {
    h0 = (h0 ^ bytes[i]!) >>> 0;
    const shifted2 = h0 << 24;
    const shifted3 = (h1 << 24) | (h0 >>> 8);
    const p0 = h0 * 0x13b;
    const p1 = h1 * 0x13b + Math.floor(p0 / word);
    const p2 = h2 * 0x13b + Math.floor(p1 / word) + (shifted2 >>> 0);
    const p3 = h3 * 0x13b + Math.floor(p2 / word) + (shifted3 >>> 0);
    h0 = p0 >>> 0;
    h1 = p1 >>> 0;
    h2 = p2 >>> 0;
    h3 = p3 >>> 0;
  }
  return [(BigInt(h3) << 32n) | BigInt(h2), (BigInt(h1) << 32n) | BigInt(h0)];
}
