/** frequenciesBytes: room for rsmi_frequencies_t of every version. */
export const frequenciesBytes = 512;

const most = 33;

/**
 * parseFrequency: the current frequency of an rsmi_frequencies_t, Hz. Up to ROCm 5 it is { u32 number, u32 current,
 * u64 frequency[32] }; later ones begin with a bool (padded to 4 bytes), which moves all of it. A later one read as an
 * earlier one has a number of 0 or 1 that is not above `current`, so it is never taken for one. Null where none is
 * current.
 */
export function parseFrequency(answer: DataView): bigint | null {
  return (
    frequencyAt(answer, { number: 0, current: 4, frequencies: 8 }) ??
    frequencyAt(answer, { number: 4, current: 8, frequencies: 16 })
  );
}

function frequencyAt(
  answer: DataView,
  at: { number: number; current: number; frequencies: number },
): bigint | null {
  const number = answer.getUint32(at.number, true);
  const current = answer.getUint32(at.current, true);
  if (number > most || current >= number) return null;
  return answer.getBigUint64(at.frequencies + current * 8, true);
}
