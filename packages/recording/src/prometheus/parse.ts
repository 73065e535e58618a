import { RezolusError } from '@rezolus/core/errors';

/** MetricType: what a `# TYPE` line says. */
export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'summary'
  | 'untyped'
  | 'unknown'
  | 'info'
  | 'stateset'
  | 'gaugehistogram';

/** Family: what `# TYPE`, `# HELP` and `# UNIT` lines say of a name. */
export interface Family {
  type?: MetricType;
  help?: string;
  unit?: string;
}

/** PrometheusSample: one line with a value. */
export interface PrometheusSample {
  readonly name: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
  /** ms since the epoch, where the line states it. */
  readonly timestampMs?: number;
}

/** Exposition: the answer of a Prometheus target. */
export interface Exposition {
  readonly families: ReadonlyMap<string, Family>;
  readonly samples: readonly PrometheusSample[];
}

const types: ReadonlySet<string> = new Set<MetricType>([
  'counter',
  'gauge',
  'histogram',
  'summary',
  'untyped',
  'unknown',
  'info',
  'stateset',
  'gaugehistogram',
]);
const maxLine = 64 * 1024;
const maxSamples = 1_000_000;
const nameStart = /[a-zA-Z_:]/;
const namePattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelPattern = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const numberPattern = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/**
 * parsePrometheus: the text format of Prometheus (0.0.4) or OpenMetrics, which ends in `# EOF` and has timestamps in
 * seconds. As Prometheus does, it takes all of a text or nothing of it. Throws REZ_ERR_ENDPOINT_RESPONSE with the
 * number of the line that is neither.
 */
export function parsePrometheus(text: string): Exposition {
  const families = new Map<string, Family>();
  const samples: PrometheusSample[] = [];
  const openMetrics = /(^|\n)# EOF\s*$/.test(text.slice(-16));
  let number = 0;
  for (let at = 0; at < text.length; ) {
    number++;
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    const line = text.slice(at, text[end - 1] === '\r' ? end - 1 : end);
    at = end + 1;
    if (line.length > maxLine) throw malformed(number, 'the line is too long');
    if (/^[ \t]*#/.test(line)) {
      takeComment(line.trimStart(), families, number);
    } else if (line.trim() !== '') {
      samples.push(new LineParser(line, number, openMetrics).sample());
      if (samples.length > maxSamples) throw malformed(number, 'there are too many samples');
    }
  }
  return { families, samples };
}

function malformed(line: number, reason: string): RezolusError {
  return new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `line ${line} is no Prometheus metric: ${reason}`);
}

function takeComment(line: string, families: Map<string, Family>, number: number): void {
  const match = /^#\s+(TYPE|HELP|UNIT)\s+("(?:[^"\\]|\\.)*"|\S+)(?:\s+(.*))?$/.exec(line);
  if (match === null) return;
  const [, word, quoted, rest = ''] = match;
  const name = quoted!.startsWith('"') ? unescaped(quoted!.slice(1, -1)) : quoted!;
  let family = families.get(name);
  if (family === undefined) {
    family = {};
    families.set(name, family);
  }
  if (word === 'HELP') family.help = unescaped(rest);
  else if (word === 'UNIT') family.unit = rest.trim();
  else {
    const type = rest.trim();
    if (!types.has(type)) throw malformed(number, `"${type}" is no type`);
    family.type = type as MetricType;
  }
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\"n])/g, (_, c) => (c === 'n' ? '\n' : c)) : text;
}

/** LineParser: reads one line with a value. */
class LineParser {
  readonly #line: string;
  readonly #number: number;
  readonly #seconds: boolean;
  #at = 0;

  constructor(line: string, number: number, seconds: boolean) {
    this.#line = line;
    this.#number = number;
    this.#seconds = seconds;
  }

  sample(): PrometheusSample {
    this.#space();
    let name = nameStart.test(this.#line[this.#at] ?? '') ? this.#match(namePattern, 'a name') : '';
    this.#space();
    const labels: [string, string][] = [];
    if (this.#line[this.#at] === '{') name = this.#labels(labels, name);
    if (name === '') throw this.#error('it has no name');
    const rest = this.#line.slice(this.#at);
    // Exemplars come after a second "#".
    const fields = (rest.includes('#') ? rest.slice(0, rest.indexOf('#')) : rest).trim().split(/[ \t]+/);
    if (fields.length > 2) throw this.#error('there is more than a value and a time');
    const value = this.#numeric(fields[0] ?? '');
    if (fields[1] === undefined) return { name, labels, value };
    const time = this.#numeric(fields[1]);
    if (!this.#seconds && !Number.isInteger(time)) throw this.#error('the time is not in whole milliseconds');
    return { name, labels, value, timestampMs: this.#seconds ? time * 1000 : time };
  }

  /** labels: what is in braces; a quoted string on its own is the name. */
  #labels(labels: [string, string][], outer: string): string {
    let name = outer;
    this.#at++;
    for (;;) {
      this.#space();
      const next = this.#line[this.#at];
      if (next === '}') break;
      const quoted = next === '"';
      const key = quoted ? this.#string() : this.#match(labelPattern, 'a label');
      this.#space();
      if (this.#line[this.#at] === '=') {
        this.#at++;
        this.#space();
        if (key === '__name__') throw this.#error('__name__ is no label');
        labels.push([key, this.#string()]);
      } else if (quoted && name === '') {
        name = key;
      } else {
        throw this.#error(`label "${key}" has no value`);
      }
      this.#space();
      if (this.#line[this.#at] === ',') this.#at++;
      else if (this.#line[this.#at] !== '}') throw this.#error('labels are not separated');
    }
    this.#at++;
    return name;
  }

  #string(): string {
    const start = this.#at + 1;
    if (this.#line[this.#at] !== '"') throw this.#error('a value is not quoted');
    for (let i = start; i < this.#line.length; i++) {
      const char = this.#line[i];
      if (char === '\\') {
        if (!'\\"n'.includes(this.#line[++i] ?? ' '))
          throw this.#error(`"\\${this.#line[i] ?? ''}" is no escape`);
      } else if (char === '"') {
        this.#at = i + 1;
        return unescaped(this.#line.slice(start, i));
      }
    }
    throw this.#error('a quote is not closed');
  }

  #match(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#line);
    if (match === null) throw this.#error(`there is no ${what} at character ${this.#at + 1}`);
    this.#at += match[0].length;
    return match[0];
  }

  #space(): void {
    while (this.#line[this.#at] === ' ' || this.#line[this.#at] === '\t') this.#at++;
  }

  #numeric(text: string): number {
    if (numberPattern.test(text)) return Number(text);
    const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(text);
    if (special === null) throw this.#error(`"${text}" is no number`);
    if (special[2]!.toLowerCase() === 'nan') return Number.NaN;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  #error(reason: string): RezolusError {
    return malformed(this.#number, reason);
  }
}
