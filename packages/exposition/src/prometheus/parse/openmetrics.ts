import { checkFamily } from './openmetrics-rules.ts';
import { type ParsedFamily, type ParsedSample, Scanner, unescapeHelp } from './scanner.ts';

const metricName = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const token = /[^ ]+/y;

/** Suffixes of the samples of each type. */
const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['', '_count', '_sum', '_created'],
  info: ['_info'],
  stateset: [''],
  unknown: [''],
};

/**
 * parseOpenMetrics: OpenMetrics 1.0.0 (prometheus/OpenMetrics, specification/OpenMetrics.md), as strict as its grammar:
 * single spaces, `# EOF` last, families in one piece, suffixes by type. Exemplars are checked and left out.
 * Throws REZ_ERR_EXPOSITION_FORMAT, naming the line.
 */
export function parseOpenMetrics(text: string): ParsedFamily[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const last = new Scanner(lines.at(-1) ?? '', lines.length);
  if (lines.pop() !== '# EOF') last.fail('the text does not end with # EOF');
  const families = new Map<string, ParsedFamily>();
  const taken = new Set<string>();
  let current: ParsedFamily | null = null;
  const open = (scanner: Scanner, name: string): ParsedFamily => {
    if (current !== null) checkFamily(current, scanner);
    if (families.has(name)) scanner.fail(`the family ${name} comes in more than one piece`);
    const family: ParsedFamily = { name, help: null, type: null, unit: null, samples: [] };
    families.set(name, family);
    return family;
  };
  lines.forEach((line, i) => {
    const scanner = new Scanner(line, i + 1);
    if (line.startsWith('#')) {
      const { keyword, name, rest } = readMetadata(scanner);
      if (current?.name !== name) current = open(scanner, name);
      if (current.samples.length > 0) scanner.fail(`metadata of ${name} after its samples`);
      describe(scanner, current, keyword, rest);
      if (keyword === 'TYPE') claim(scanner, taken, current);
      return;
    }
    const sample = readSample(scanner);
    if (current === null || !belongs(current, sample.name)) {
      current = open(scanner, sample.name);
      current.type = 'unknown';
      claim(scanner, taken, current);
    }
    current.type ??= 'unknown';
    if (!belongs(current, sample.name)) scanner.fail(`${sample.name} does not belong to ${current.name}`);
    current.samples.push(sample);
  });
  if (current !== null) checkFamily(current, last);
  return [...families.values()].filter(({ samples }) => samples.length > 0);
}

function belongs({ name, type }: ParsedFamily, sample: string): boolean {
  return suffixes[type ?? 'unknown']!.some((suffix) => name + suffix === sample);
}

/** claim: no two families may share the name of a sample. */
function claim(scanner: Scanner, taken: Set<string>, { name, type }: ParsedFamily): void {
  for (const suffix of suffixes[type!]!) {
    if (taken.has(name + suffix)) scanner.fail(`${name + suffix} belongs to two families`);
    taken.add(name + suffix);
  }
}

function readMetadata(scanner: Scanner): { keyword: string; name: string; rest: string } {
  scanner.expect('# ');
  const keyword = scanner.match(/(?:HELP|TYPE|UNIT)(?= )/y) ?? scanner.fail('expected HELP, TYPE or UNIT');
  scanner.expect(' ');
  const name = scanner.peek() === '"' ? scanner.quoted('lenient') : scanner.match(metricName);
  if (name === null || name === '') scanner.fail('invalid metric name');
  // A help text or unit may be empty, and with it the space before it.
  if (!scanner.ended) scanner.expect(' ');
  return { keyword, name, rest: scanner.line.slice(scanner.position) };
}

function describe(scanner: Scanner, family: ParsedFamily, keyword: string, rest: string): void {
  const key = keyword.toLowerCase() as 'help' | 'type' | 'unit';
  if (family[key] !== null) scanner.fail(`second ${keyword} line for ${family.name}`);
  if (keyword === 'TYPE' && !Object.hasOwn(suffixes, rest))
    scanner.fail(`unknown type ${JSON.stringify(rest.slice(0, 40))}`);
  if (keyword === 'UNIT' && rest !== '' && !family.name.endsWith(`_${rest}`))
    scanner.fail(`the name ${family.name} does not end with its unit`);
  family[key] = keyword === 'HELP' ? unescapeHelp(rest, 'lenient') : rest;
}

function readSample(scanner: Scanner): ParsedSample {
  let name = scanner.match(metricName);
  const labels: Record<string, string> = Object.create(null);
  if (scanner.peek() === '{') name = readLabels(scanner, name, labels);
  if (name === null) scanner.fail('invalid metric name');
  scanner.expect(' ');
  const value = scanner.float(token);
  let timestampMs: number | null = null;
  if (!scanner.ended && !scanner.line.startsWith(' # ', scanner.position)) {
    scanner.expect(' ');
    timestampMs = readTime(scanner);
  }
  if (!scanner.ended) readExemplar(scanner, name);
  return { name, labels, value, timestampMs };
}

/** readTime: seconds, in ms. */
function readTime(scanner: Scanner): number {
  const seconds = scanner.float(token);
  if (!Number.isFinite(seconds)) scanner.fail('a timestamp is not finite');
  return seconds * 1000;
}

function readExemplar(scanner: Scanner, name: string): void {
  if (!/(?:_total|_bucket)$/.test(name)) scanner.fail(`${name} cannot have an exemplar`);
  scanner.expect(' # ');
  if (scanner.peek() !== '{') scanner.fail('an exemplar has no labels');
  const labels: Record<string, string> = Object.create(null);
  readLabels(scanner, '', labels);
  const length = Object.entries(labels).reduce((sum, [key, value]) => sum + [...key, ...value].length, 0);
  if (length > 128) scanner.fail('the labels of an exemplar have more than 128 characters');
  scanner.expect(' ');
  scanner.float(token);
  if (scanner.ended) return;
  scanner.expect(' ');
  readTime(scanner);
  if (!scanner.ended) scanner.fail('spurious text after an exemplar');
}

function readLabels(scanner: Scanner, outer: string | null, labels: Record<string, string>): string | null {
  let name = outer;
  scanner.expect('{');
  while (scanner.peek() !== '}') {
    const isQuoted = scanner.peek() === '"';
    const label = isQuoted ? scanner.quoted('lenient') : scanner.match(labelName);
    if (isQuoted && scanner.peek() !== '=') {
      if (name !== null || label === '') scanner.fail('a second metric name');
      name = label;
    } else {
      if (label === null || label === '' || label === '__name__') scanner.fail('invalid label name');
      scanner.expect('=');
      if (label in labels) scanner.fail(`duplicate label ${label}`);
      labels[label] = scanner.quoted('lenient');
    }
    if (scanner.peek() === '}') break;
    scanner.expect(',');
    if (scanner.peek() === '}') scanner.fail('a comma before the end of the labels');
  }
  scanner.expect('}');
  return name;
}
