/** Ranges: code points as pairs of first and last, in any order, overlap allowed. */
export type Ranges = readonly number[];

const digits: Ranges = [48, 57];
const words: Ranges = [48, 57, 65, 90, 95, 95, 97, 122];
const spaces: Ranges = [9, 10, 12, 13, 32, 32];

/** perlClass: the ranges of `\d`, `\w`, `\s` and their negations; null for any other letter. */
export function perlClass(letter: string): Ranges | null {
  switch (letter) {
    case 'd':
      return digits;
    case 'D':
      return negateRanges(digits);
    case 'w':
      return words;
    case 'W':
      return negateRanges(words);
    case 's':
      return spaces;
    case 'S':
      return negateRanges(spaces);
    default:
      return null;
  }
}

const posix: Readonly<Record<string, Ranges>> = {
  alnum: [48, 57, 65, 90, 97, 122],
  alpha: [65, 90, 97, 122],
  ascii: [0, 127],
  blank: [9, 9, 32, 32],
  cntrl: [0, 31, 127, 127],
  digit: digits,
  graph: [33, 126],
  lower: [97, 122],
  print: [32, 126],
  punct: [33, 47, 58, 64, 91, 96, 123, 126],
  space: [9, 13, 32, 32],
  upper: [65, 90],
  word: words,
  xdigit: [48, 57, 65, 70, 97, 102],
};

/** posixClass: the ranges of `[:name:]` or `[:^name:]`; null for an unknown name. */
export function posixClass(name: string): Ranges | null {
  const negate = name.startsWith('^');
  const plain = negate ? name.slice(1) : name;
  const ranges = Object.hasOwn(posix, plain) ? posix[plain]! : null;
  return ranges !== null && negate ? negateRanges(ranges) : ranges;
}

/** negateRanges: every code point that is in none of the ranges. */
export function negateRanges(ranges: Ranges): Ranges {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!]);
  pairs.sort((a, b) => a[0] - b[0]);
  const result: number[] = [];
  let next = 0;
  for (const [low, high] of pairs) {
    if (low > next) result.push(next, low - 1);
    next = Math.max(next, high + 1);
  }
  if (next <= 0x10ffff) result.push(next, 0x10ffff);
  return result;
}

/** Wider ranges than this keep only the case folding of ASCII. */
const foldLimit = 2048;

/** foldRanges: the ranges with the other case of every letter in them. */
export function foldRanges(ranges: Ranges): Ranges {
  const result = [...ranges];
  const add = (low: number, high: number) => {
    for (let code = low; code <= high; code++) {
      const char = String.fromCodePoint(code);
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        const folded = other.codePointAt(0)!;
        if (folded !== code && String.fromCodePoint(folded) === other) result.push(folded, folded);
      }
    }
  };
  for (let i = 0; i < ranges.length; i += 2) {
    const [low, high] = [ranges[i]!, ranges[i + 1]!];
    if (high - low < foldLimit) add(low, high);
    else {
      add(Math.max(low, 65), Math.min(high, 90));
      add(Math.max(low, 97), Math.min(high, 122));
    }
  }
  return result;
}
