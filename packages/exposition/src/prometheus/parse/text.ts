import { type ParsedFamily, parseFloatText, Scanner, unescapeHelp } from './scanner.ts';

const metricName = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const token = /[^ \t]+/y;
const types = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped', 'gauge_histogram']);

/**
 * parseText: the text format 0.0.4, with quoted names of 1.0.0, as prometheus/common's expfmt takes it. Families come in
 * the order of their first line; those without samples are left out.
 * Throws REZ_ERR_EXPOSITION_FORMAT, naming the line.
 */
export function parseText(text: string): ParsedFamily[] {
  const families = new Map<string, ParsedFamily>();
  const lines = text.split('\n');
  // What follows the last newline is a line that was cut off.
  const rest = lines.pop()!;
  lines.forEach((line, i) => {
    const scanner = new Scanner(line, i + 1);
    scanner.blanks();
    if (scanner.ended) return;
    if (scanner.peek() === '#') readComment(scanner, families);
    else readSample(scanner, families);
  });
  if (rest.trim() !== '') new Scanner(rest, lines.length + 1).fail('the last line does not end');
  return [...families.values()].filter(({ samples }) => samples.length > 0);
}

function familyOf(families: Map<string, ParsedFamily>, name: string): ParsedFamily {
  let family = families.get(name);
  if (family === undefined) {
    family = { name, help: null, type: null, unit: null, samples: [] };
    families.set(name, family);
  }
  return family;
}

function readComment(scanner: Scanner, families: Map<string, ParsedFamily>): void {
  scanner.position++;
  scanner.blanks();
  const keyword = scanner.match(token);
  if (keyword !== 'HELP' && keyword !== 'TYPE') return;
  scanner.blanks();
  if (scanner.ended) return;
  const name = scanner.peek() === '"' ? scanner.quoted('strict') : scanner.match(metricName);
  if (name === null || name === '' || (!scanner.ended && !/[ \t]/.test(scanner.peek())))
    scanner.fail('invalid metric name in comment');
  const family = familyOf(families, name);
  scanner.blanks();
  if (scanner.ended) return;
  const rest = scanner.line.slice(scanner.position);
  if (keyword === 'HELP') {
    if (family.help !== null) scanner.fail(`second HELP line for ${name}`);
    family.help = unescapeHelp(rest, 'strict') ?? scanner.fail('invalid escape in a help text');
    return;
  }
  if (family.type !== null || family.samples.length > 0) {
    scanner.fail(`second TYPE line for ${name}, or TYPE after its samples`);
  }
  const type = rest.trim().toLowerCase();
  if (!types.has(type)) scanner.fail(`unknown type ${JSON.stringify(rest.slice(0, 40))}`);
  family.type = type;
}

function readSample(scanner: Scanner, families: Map<string, ParsedFamily>): void {
  let name = scanner.match(metricName);
  scanner.blanks();
  const labels: Record<string, string> = Object.create(null);
  if (scanner.peek() === '{') name = readLabels(scanner, name, labels);
  if (name === null) scanner.fail('invalid metric name');
  scanner.blanks();
  const value = scanner.float(token);
  scanner.blanks();
  let timestampMs: number | null = null;
  if (!scanner.ended) {
    const time = scanner.match(token)!;
    if (!/^[+-]?\d+$/.test(time)) scanner.fail('a timestamp is not a whole number of milliseconds');
    timestampMs = Number(time);
    scanner.blanks();
    if (!scanner.ended) scanner.fail('spurious text after the timestamp');
  }
  const family = owner(families, name);
  const bound =
    family.type === 'summary' ? labels.quantile : family.type === 'histogram' ? labels.le : undefined;
  if (bound !== undefined && parseFloatText(bound) === null) scanner.fail('a bound is not a number');
  family.samples.push({ name, labels, value, timestampMs });
}

/** owner: the family of a sample: that of its name, or the summary or histogram whose suffix it has. */
function owner(families: Map<string, ParsedFamily>, name: string): ParsedFamily {
  if (!families.has(name)) {
    const match = /^(.+)_(count|sum|bucket)$/s.exec(name);
    const base = match === null ? undefined : families.get(match[1]!);
    if (base?.type === 'histogram' || (base?.type === 'summary' && match![2] !== 'bucket')) return base;
  }
  return familyOf(families, name);
}

/** readLabels: between the braces; returns the name, which may stand there in quotes. */
function readLabels(scanner: Scanner, outer: string | null, labels: Record<string, string>): string | null {
  let name = outer;
  scanner.position++;
  for (;;) {
    scanner.blanks();
    if (scanner.peek() === '}') break;
    const isQuoted = scanner.peek() === '"';
    const label = isQuoted ? scanner.quoted('strict') : scanner.match(labelName);
    scanner.blanks();
    if (isQuoted && scanner.peek() !== '=') {
      if (name !== null || label === '') scanner.fail('a second metric name');
      name = label;
    } else {
      if (label === null || label === '' || label === '__name__') scanner.fail('invalid label name');
      scanner.expect('=');
      scanner.blanks();
      const value = scanner.quoted('strict');
      if (label in labels) scanner.fail(`duplicate label ${label}`);
      labels[label] = value;
    }
    scanner.blanks();
    if (scanner.peek() === '}') break;
    scanner.expect(',');
  }
  scanner.position++;
  return name;
}
