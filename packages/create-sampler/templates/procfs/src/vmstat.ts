/** readValue: the number in the line `key number` of a text, null where it has no such line. */
export function readValue(text: string, key: string): bigint | null {
  const digits = new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1];
  return digits === undefined ? null : BigInt(digits);
}
