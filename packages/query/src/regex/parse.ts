import { foldRanges, negateRanges, perlClass, posixClass, type Ranges } from './ranges.ts';

/** RegexError: a pattern that RE2 refuses, or (`unsupported`) one of RE2's rarer features that is not here. */
export class RegexError extends Error {
  readonly unsupported: boolean;

  constructor(message: string, unsupportedFeature = false) {
    super(message);
    this.name = 'RegexError';
    this.unsupported = unsupportedFeature;
  }
}

/** Assertion: a condition between two characters. */
export type Assertion = 'begin' | 'end' | 'lineBegin' | 'lineEnd' | 'word' | 'notWord';

/** RegexNode: the syntax tree of a pattern. */
export type RegexNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'chars'; readonly ranges: Ranges }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'concat' | 'alternate'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'capture'; readonly index: number; readonly body: RegexNode }
  | {
      readonly kind: 'repeat';
      readonly body: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly greedy: boolean;
    };

/** ParsedRegex: a pattern with the names of its capture groups; index 0 is the whole match. */
export interface ParsedRegex {
  readonly root: RegexNode;
  readonly groupNames: readonly string[];
}

interface Flags {
  readonly fold: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly ungreedy: boolean;
}

const maxNesting = 200;
const maxRepeat = 1000;
const any: Ranges = [0, 0x10ffff];
const anyButNewline: Ranges = [0, 9, 11, 0x10ffff];
const escapes: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/**
 * parseRegex: a pattern of RE2's syntax without `\p`, `\C` and byte escapes. `.` matches a newline, as in Prometheus.
 * Throws RegexError.
 */
export function parseRegex(pattern: string): ParsedRegex {
  const parser = new RegexParser(pattern);
  const root = parser.alternation({ fold: false, multiline: false, dotAll: true, ungreedy: false });
  if (parser.more()) throw new RegexError('unexpected )');
  return { root, groupNames: parser.groupNames };
}

class RegexParser {
  readonly #chars: readonly string[];
  #at = 0;
  #nesting = 0;
  readonly groupNames: string[] = [''];

  constructor(pattern: string) {
    this.#chars = unquoted(pattern);
  }

  more(): boolean {
    return this.#at < this.#chars.length;
  }

  alternation(outer: Flags): RegexNode {
    if (++this.#nesting > maxNesting) throw new RegexError('nested too deeply');
    let flags = outer;
    const branches: RegexNode[] = [];
    let parts: RegexNode[] = [];
    while (this.more() && this.#peek() !== ')') {
      if (this.#take('|')) {
        branches.push(sequence(parts));
        parts = [];
        continue;
      }
      const [node, next] = this.#atom(flags);
      flags = next;
      if (node !== null) parts.push(this.#repeats(node, flags));
    }
    branches.push(sequence(parts));
    this.#nesting--;
    return branches.length === 1 ? branches[0]! : { kind: 'alternate', parts: branches };
  }

  #peek(offset = 0): string | undefined {
    return this.#chars[this.#at + offset];
  }

  #take(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.#peek(i) !== text[i]) return false;
    this.#at += text.length;
    return true;
  }

  /** A node, or null for a group that only sets flags, and the flags that hold from here on. */
  #atom(flags: Flags): [RegexNode | null, Flags] {
    const char = this.#chars[this.#at++]!;
    switch (char) {
      case '(':
        return this.#group(flags);
      case '[':
        return [{ kind: 'chars', ranges: this.#class(flags) }, flags];
      case '.':
        return [{ kind: 'chars', ranges: flags.dotAll ? any : anyButNewline }, flags];
      case '^':
        return [{ kind: 'assert', assertion: flags.multiline ? 'lineBegin' : 'begin' }, flags];
      case '$':
        return [{ kind: 'assert', assertion: flags.multiline ? 'lineEnd' : 'end' }, flags];
      case '*':
      case '+':
      case '?':
        throw new RegexError(`missing argument to repetition operator: ${char}`);
      case '\\':
        return [this.#escape(flags), flags];
      default:
        return [literal(char.codePointAt(0)!, flags), flags];
    }
  }

  #group(outer: Flags): [RegexNode | null, Flags] {
    if (this.#take('?')) {
      if (this.#take('P<') || this.#take('<')) {
        const name = this.#until('>');
        if (!/^\w+$/.test(name) || this.groupNames.includes(name))
          throw new RegexError(`invalid group name ${name}`);
        return [this.#capture(outer, name), outer];
      }
      const flags = this.#flags(outer);
      if (this.#take(')')) return [null, flags];
      if (!this.#take(':')) throw new RegexError('invalid or unsupported Perl syntax: (?');
      return [this.#close(this.alternation(flags)), outer];
    }
    return [this.#capture(outer, ''), outer];
  }

  #capture(flags: Flags, name: string): RegexNode {
    const index = this.groupNames.push(name) - 1;
    return { kind: 'capture', index, body: this.#close(this.alternation(flags)) };
  }

  #close(body: RegexNode): RegexNode {
    if (!this.#take(')')) throw new RegexError('missing closing )');
    return body;
  }

  #flags(outer: Flags): Flags {
    const flags = { ...outer };
    let on = true;
    for (;;) {
      const char = this.#peek();
      if (char === '-' && on) on = false;
      else if (char === 'i') flags.fold = on;
      else if (char === 'm') flags.multiline = on;
      else if (char === 's') flags.dotAll = on;
      else if (char === 'U') flags.ungreedy = on;
      else return flags;
      this.#at++;
    }
  }

  #until(end: string): string {
    const close = this.#chars.indexOf(end, this.#at);
    if (close < 0) throw new RegexError(`missing ${end}`);
    const text = this.#chars.slice(this.#at, close).join('');
    this.#at = close + 1;
    return text;
  }

  #repeats(body: RegexNode, flags: Flags): RegexNode {
    let min: number;
    let max: number;
    const bounds = this.#bounds();
    if (bounds !== null) [min, max] = bounds;
    else if (this.#take('*')) [min, max] = [0, Number.POSITIVE_INFINITY];
    else if (this.#take('+')) [min, max] = [1, Number.POSITIVE_INFINITY];
    else if (this.#take('?')) [min, max] = [0, 1];
    else return body;
    const greedy = this.#take('?') === flags.ungreedy;
    const next = this.#peek();
    if (next === '*' || next === '+' || next === '?')
      throw new RegexError('invalid nested repetition operator');
    return { kind: 'repeat', body, min, max, greedy };
  }

  #bounds(): [number, number] | null {
    if (this.#peek() !== '{') return null;
    const close = this.#chars.indexOf('}', this.#at);
    const match = /^\{(\d{1,6})(?:(,)(\d{0,6}))?$/.exec(
      this.#chars.slice(this.#at, Math.max(close, 0)).join(''),
    );
    if (close < 0 || match === null) return null;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (min > maxRepeat || (Number.isFinite(max) && max > maxRepeat) || max < min)
      throw new RegexError(`invalid repeat count ${match[0]}}`);
    this.#at = close + 1;
    return [min, max];
  }

  #escape(flags: Flags): RegexNode {
    const char = this.#peek();
    if (char === 'A' || char === 'z' || char === 'b' || char === 'B') {
      this.#at++;
      const assertion = { A: 'begin', z: 'end', b: 'word', B: 'notWord' } as const;
      return { kind: 'assert', assertion: assertion[char] };
    }
    const ranges = this.#classEscape();
    if (ranges !== null) return { kind: 'chars', ranges };
    return literal(this.#charEscape(), flags);
  }

  #classEscape(): Ranges | null {
    const char = this.#peek();
    if (char === 'p' || char === 'P' || char === 'C')
      throw new RegexError(`\\${char} in regular expressions`, true);
    const ranges = char === undefined ? null : perlClass(char);
    if (ranges !== null) this.#at++;
    return ranges;
  }

  #charEscape(): number {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw new RegexError('trailing backslash at end of expression');
    if (char === 'x') {
      const text = this.#take('{') ? this.#until('}') : this.#chars.slice(this.#at, this.#at + 2).join('');
      if (this.#chars[this.#at - 1] !== '}') this.#at += 2;
      const code = /^[0-9a-fA-F]{1,6}$/.test(text) ? Number.parseInt(text, 16) : -1;
      if (code < 0 || code > 0x10ffff) throw new RegexError('invalid escape sequence: \\x');
      return code;
    }
    if (char === '0') return 0;
    const escaped = escapes[char];
    if (escaped !== undefined) return escaped;
    if (/^[A-Za-z0-9]$/.test(char)) throw new RegexError(`invalid escape sequence: \\${char}`);
    return char.codePointAt(0)!;
  }

  #class(flags: Flags): Ranges {
    const negate = this.#take('^');
    const ranges: number[] = [];
    for (let first = true; ; first = false) {
      if (!this.more()) throw new RegexError('missing closing ]');
      if (!first && this.#take(']')) break;
      if (this.#take('[:')) {
        const name = this.#until(':');
        const named = posixClass(name);
        if (named === null || !this.#take(']')) throw new RegexError(`invalid character class [:${name}:]`);
        ranges.push(...named);
        continue;
      }
      const set = this.#peek() === '\\' ? this.#classSet() : null;
      if (set !== null) {
        ranges.push(...set);
        continue;
      }
      const low = this.#classChar();
      const isRange = this.#peek() === '-' && this.#peek(1) !== ']' && this.#peek(1) !== undefined;
      if (isRange) this.#at++;
      const high = isRange ? this.#classChar() : low;
      if (high < low) throw new RegexError('invalid character class range');
      ranges.push(low, high);
    }
    const folded = flags.fold ? foldRanges(ranges) : ranges;
    return negate ? negateRanges(folded) : folded;
  }

  #classSet(): Ranges | null {
    this.#at++;
    const ranges = this.#classEscape();
    if (ranges === null) this.#at--;
    return ranges;
  }

  #classChar(): number {
    if (this.#take('\\')) return this.#charEscape();
    return this.#chars[this.#at++]!.codePointAt(0)!;
  }
}

/** The characters of a pattern, those between `\\Q` and `\\E` escaped one by one. */
function unquoted(pattern: string): string[] {
  const chars = Array.from(pattern);
  if (!pattern.includes('\\Q')) return chars;
  const result: string[] = [];
  let isQuoting = false;
  for (let i = 0; i < chars.length; i++) {
    const [char, next] = [chars[i]!, chars[i + 1]];
    if (char === '\\' && next === (isQuoting ? 'E' : 'Q')) {
      isQuoting = !isQuoting;
      i++;
    } else if (isQuoting) result.push(...(/\w/.test(char) ? [char] : ['\\', char]));
    else if (char === '\\' && next !== undefined) {
      result.push(char, next);
      i++;
    } else result.push(char);
  }
  return result;
}

function literal(code: number, flags: Flags): RegexNode {
  return { kind: 'chars', ranges: flags.fold ? foldRanges([code, code]) : [code, code] };
}

function sequence(parts: readonly RegexNode[]): RegexNode {
  if (parts.length === 0) return { kind: 'empty' };
  return parts.length === 1 ? parts[0]! : { kind: 'concat', parts };
}
