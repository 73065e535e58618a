const offered = [10, 50, 100, 250, 500, 1000, 5000, 15_000, 60_000, 300_000, 900_000, 3_600_000];

/**
 * stepChoices: the steps (ms) that a menu offers for a capture of `interval` and `length` ms: none finer than what was
 * recorded, none that leaves fewer than two points; `chosen` is always among them.
 */
export function stepChoices(interval: number, length: number, chosen?: number): number[] {
  const choices = offered.filter((step) => step >= interval && step * 2 <= length);
  if (chosen !== undefined && !choices.includes(chosen)) choices.push(chosen);
  return choices.sort((a, b) => a - b);
}
