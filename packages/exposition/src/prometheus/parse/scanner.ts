import { RezolusError } from '@rezolus/core/errors';

/** ParsedSample: one line: full name, labels (no prototype), value and the time in ms where the line has one. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestampMs: number | null;
}

/** ParsedFamily: samples of one metric; `name` is without the suffixes of its type. */
export interface ParsedFamily {
  readonly name: string;
  help: string | null;
  type: string | null;
  unit: string | null;
  readonly samples: ParsedSample[];
}

/** Escapes: what a backslash may stand before; `lenient` keeps an unknown pair as it is. */
export type Escapes = 'strict' | 'lenient';

/** Scanner: a position in one line of text. Every method throws REZ_ERR_EXPOSITION_FORMAT, naming the line. */
export class Scanner {
  readonly line: string;
  readonly number: number;
  position = 0;

  constructor(line: string, number: number) {
    this.line = line;
    this.number = number;
  }

  fail(reason: string): never {
    throw new RezolusError('REZ_ERR_EXPOSITION_FORMAT', `line ${this.number}: ${reason}`);
  }

  get ended(): boolean {
    return this.position >= this.line.length;
  }

  peek(): string {
    return this.line[this.position] ?? '';
  }

  blanks(): void {
    while (this.peek() === ' ' || this.peek() === '\t') this.position++;
  }

  /** match: the text of a sticky pattern here, or null. */
  match(pattern: RegExp): string | null {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.line)?.[0] ?? null;
    if (found !== null) this.position += found.length;
    return found;
  }

  expect(text: string): void {
    if (!this.line.startsWith(text, this.position)) this.fail(`expected ${JSON.stringify(text)}`);
    this.position += text.length;
  }

  /** quoted: a string in double quotes with its escapes resolved. */
  quoted(escapes: Escapes): string {
    this.expect('"');
    let text = '';
    for (;;) {
      text += this.match(/[^"\\]*/y);
      if (this.ended) this.fail('a quote is not closed');
      if (this.line[this.position++] === '"') return text;
      const escaped = this.line[this.position++] ?? this.fail('a quote is not closed');
      if (escaped === 'n') text += '\n';
      else if (escaped === '"' || escaped === '\\') text += escaped;
      else if (escapes === 'lenient') text += `\\${escaped}`;
      else this.fail(`invalid escape \\${escaped}`);
    }
  }

  /** number: a Go-like float without hexadecimal and underscores. */
  float(pattern: RegExp): number {
    const token = this.match(pattern) ?? this.fail('expected a number');
    return parseFloatText(token) ?? this.fail(`${JSON.stringify(token.slice(0, 40))} is not a number`);
  }
}

/** parseFloatText: a number, `+Inf`, `-Infinity`, `NaN` in any case, or null. */
export function parseFloatText(token: string): number | null {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(token)) return Number(token);
  const match = /^(?:([+-]?)inf(?:inity)?|nan)$/i.exec(token);
  if (match === null) return null;
  if (match[1] === undefined) return Number.NaN;
  return match[1] === '-' ? -Infinity : Infinity;
}

/** unescapeHelp: `\\` and `\n` (and `\"`) of a help text; null where another escape is not allowed. */
export function unescapeHelp(text: string, escapes: Escapes): string | null {
  let valid = true;
  const result = text.replace(/\\(.?)/gs, (pair, escaped: string) => {
    if (escaped === 'n') return '\n';
    if (escaped === '\\' || escaped === '"') return escaped;
    if (escapes === 'strict') valid = false;
    return pair;
  });
  return valid ? result : null;
}

/** decodeUtf8: text of bytes. Throws REZ_ERR_EXPOSITION_FORMAT where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_EXPOSITION_FORMAT', 'the text is not UTF-8', { cause });
  }
}
