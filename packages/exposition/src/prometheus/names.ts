/**
 * Escaping: what becomes of a name that is not of the classic alphabet, as scrapers negotiate it: `allow-utf-8` keeps
 * and quotes it, the others escape it (prometheus/common, model.EscapeName).
 */
export type Escaping = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** isClassicName: whether a metric name is one that every Prometheus takes without quotes. */
export function isClassicName(name: string): boolean {
  return metricName.test(name);
}

/** isClassicLabel: whether a label name is one that every Prometheus takes without quotes. */
export function isClassicLabel(name: string): boolean {
  return labelName.test(name);
}

/** escapeName: a metric name in the negotiated alphabet. `name` must not be empty. */
export function escapeName(name: string, escaping: Escaping): string {
  if (escaping === 'allow-utf-8') return name.toWellFormed();
  if (escaping !== 'dots' && isClassicName(name)) return name;
  return escapeWith(name, escaping, /[a-zA-Z0-9_:]/);
}

/** escapeLabel: a label name in the negotiated alphabet. `name` must not be empty. */
export function escapeLabel(name: string, escaping: Escaping): string {
  if (escaping === 'allow-utf-8') return name.toWellFormed();
  if (isClassicLabel(name)) return name;
  return escapeWith(name, escaping, /[a-zA-Z0-9_]/);
}

function escapeWith(name: string, escaping: Exclude<Escaping, 'allow-utf-8'>, allowed: RegExp): string {
  let result = escaping === 'values' ? 'U__' : '';
  let first = true;
  for (const character of name) {
    const valid = allowed.test(character) && !(first && /[0-9]/.test(character));
    first = false;
    if (escaping === 'underscores') result += valid ? character : '_';
    else if (character === '_') result += '__';
    else if (valid) result += character;
    else if (escaping === 'dots') result += character === '.' ? '_dot_' : '__';
    else result += `_${character.toWellFormed().codePointAt(0)!.toString(16)}_`;
  }
  return result;
}

/** descriptive: metadata that describes a series and does not tell it from others. */
export const descriptive: ReadonlySet<string> = new Set([
  'metric',
  'unit',
  'grouping_power',
  'max_value_power',
]);

/** Names that mean something of their own on a bucket or a quantile, and names that servers keep for themselves. */
const reserved = /^(?:le|quantile|__.*)$/;

/** free: a label name that clashes with none of Prometheus' own; a clash gets the prefix that servers use for it. */
export function free(name: string): string {
  return reserved.test(name) ? `exported_${name}` : name;
}

/** escapeValue: text inside double quotes: label values, quoted names, help texts of OpenMetrics. */
export function escapeValue(text: string): string {
  if (!/["\\\n]/.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** escapeHelp: text of a HELP line of the text format 0.0.4, where quotes stand for themselves. */
export function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
