import { type ParsedFamily, type ParsedSample, parseFloatText, type Scanner } from './scanner.ts';

/** checkFamily: what OpenMetrics demands of the values and labels of a whole family. Throws REZ_ERR_EXPOSITION_FORMAT. */
export function checkFamily({ name, type, samples }: ParsedFamily, at: Scanner): void {
  if (type === 'histogram' || type === 'gaugehistogram') checkBuckets(name, type, samples, at);
  for (const { name: sample, labels, value } of samples) {
    if (type === 'counter' && !(value >= 0)) at.fail(`the counter ${sample} is ${value}`);
    if (type === 'summary' && sample === name) {
      const quantile = parseFloatText(labels.quantile ?? '');
      if (quantile === null || !(quantile >= 0 && quantile <= 1))
        at.fail(`${sample} has no quantile from 0 to 1`);
      if (value < 0) at.fail(`a quantile of ${sample} is negative`);
    }
    if ((type === 'summary' || type === 'histogram') && sample.endsWith('_count') && !isCount(value))
      at.fail(`${sample} is ${value}`);
    if (type === 'info' && value !== 1) at.fail(`${sample} is ${value} and not 1`);
    if (type === 'stateset' && value !== 0 && value !== 1) at.fail(`${sample} is ${value} and not 0 or 1`);
    if (type === 'stateset' && labels[name] === undefined) at.fail(`${sample} has no label ${name}`);
  }
}

function checkBuckets(name: string, type: string, samples: readonly ParsedSample[], at: Scanner): void {
  const last = new Map<string, { bound: number; count: number }>();
  for (const { name: sample, labels, value } of samples) {
    if (sample !== `${name}_bucket`) continue;
    const bound = parseFloatText(labels.le ?? '');
    if (bound === null || Number.isNaN(bound)) at.fail(`${sample} has no bound`);
    if (!isCount(value)) at.fail(`${sample} is ${value}`);
    const key = JSON.stringify(
      Object.entries(labels)
        .filter(([label]) => label !== 'le')
        .sort(),
    );
    const before = last.get(key);
    // After +Inf another point of the same histogram may follow.
    if (before !== undefined && before.bound !== Infinity) {
      if (bound <= before.bound) at.fail(`the bounds of ${sample} do not rise`);
      if (value < before.count) at.fail(`the counts of ${sample} fall`);
    }
    last.set(key, { bound, count: value });
  }
  for (const { bound } of last.values()) if (bound !== Infinity) at.fail(`${name} has no bucket +Inf`);
  if (type === 'histogram' && last.size === 0 && samples.length > 0) at.fail(`${name} has no buckets`);
}

function isCount(value: number): boolean {
  return value >= 0 && Number.isInteger(value);
}
