/** smartData: an answer to SMART READ DATA with the raw values of the given attributes. */
export function smartData(attributes: Readonly<Record<number, readonly number[]>>): Uint8Array {
  const data = new Uint8Array(512);
  data[0] = 0x10;
  for (const [position, [id, raw]] of Object.entries(attributes).entries()) {
    const at = 2 + position * 12;
    data.set([Number(id), 0x22, 0, 62, 45, ...raw], at);
  }
  return data;
}

/** healthLog: a SMART / Health Information log page of an NVMe drive. */
export function healthLog(values: {
  kelvin: number;
  warning: number;
  critical: number;
  transitions: readonly [number, number];
  times: readonly [number, number];
}): Uint8Array {
  const data = new Uint8Array(512);
  const view = new DataView(data.buffer);
  view.setUint16(1, values.kelvin, true);
  view.setUint32(192, values.warning, true);
  view.setUint32(196, values.critical, true);
  for (const level of [0, 1]) {
    view.setUint32(216 + level * 4, values.transitions[level]!, true);
    view.setUint32(224 + level * 4, values.times[level]!, true);
  }
  return data;
}
