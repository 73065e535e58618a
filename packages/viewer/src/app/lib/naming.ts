type Labels = Readonly<Record<string, string>>;

const natural = new Intl.Collator('en', { numeric: true });

/** compareNatural: order of names in which `cpu2` comes before `cpu10`. */
export const compareNatural = (a: string, b: string): number => natural.compare(a, b);

/** quantileName: `p50`, `p99.9` for the label value `0.5`, `0.999`; null where it is no quantile. */
export function quantileName(quantile: string | undefined): string | null {
  const q = Number(quantile);
  if (quantile === undefined || quantile === '' || !(q >= 0 && q <= 1)) return null;
  return `p${Number((q * 100).toFixed(6))}`;
}

/**
 * seriesNames: what tells the series of one answer apart: the values of the labels that differ, in the order of the
 * label names. A single series, or one without such labels, is named by its metric or is `value`.
 */
export function seriesNames(all: readonly Labels[]): string[] {
  const keys = [...new Set(all.flatMap((labels) => Object.keys(labels)))].sort();
  const telling = keys.filter((key) => all.some((labels) => labels[key] !== all[0]![key]));
  return all.map((labels) => {
    const quantile = quantileName(labels.quantile);
    const parts = telling.flatMap((key) => {
      if (key === 'quantile' && quantile !== null) return [quantile];
      return labels[key] ? [labels[key]] : [];
    });
    if (parts.length > 0) return parts.join(' · ');
    return quantile ?? labels.__name__ ?? 'value';
  });
}
