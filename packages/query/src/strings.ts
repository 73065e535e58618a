const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

const lengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * unquote: the text of a PromQL string literal, quotes included, by the rules of Go: escapes in '…' and "…", none in
 * `…`. A byte (`\xff`, `\377`) that is not UTF-8 becomes a lone surrogate U+DC80..U+DCFF, so that the string is not
 * well-formed and cannot pass as a label name. Returns null where the literal is not closed or an escape is unknown.
 */
export function unquote(literal: string): string | null {
  const quote = literal[0];
  if (literal.length < 2 || literal.at(-1) !== quote) return null;
  const body = literal.slice(1, -1);
  if (quote === '`') return body;
  let text = '';
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length > 0) text += decodeBytes(bytes);
    bytes = [];
  };
  for (let i = 0; i < body.length; i++) {
    const char = body[i]!;
    if (char === '\n') return null;
    if (char !== '\\') {
      flush();
      text += char;
      continue;
    }
    const letter = body[++i];
    if (letter === undefined) return null;
    const simple = simpleEscapes[letter];
    if (simple !== undefined) {
      flush();
      text += simple;
      continue;
    }
    const isOctal = letter >= '0' && letter <= '7';
    const length = isOctal ? 3 : lengths[letter];
    if (length === undefined) return null;
    const digits = isOctal ? body.slice(i, i + 3) : body.slice(i + 1, i + 1 + length);
    const valid = isOctal
      ? /^[0-7]{3}$/.test(digits)
      : digits.length === length && /^[0-9a-fA-F]+$/.test(digits);
    if (!valid) return null;
    const code = Number.parseInt(digits, isOctal ? 8 : 16);
    i += isOctal ? 2 : length;
    if (letter === 'u' || letter === 'U') {
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return null;
      flush();
      text += String.fromCodePoint(code);
    } else if (code > 255) return null;
    else bytes.push(code);
  }
  flush();
  return text;
}

function decodeBytes(bytes: number[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return bytes.map((byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
  }
}

/** quote: a string in double quotes as Go prints it; lone surrogates of {@link unquote} come out as `\xNN`. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/\\udc([89a-f][0-9a-f])/g, '\\x$1');
}

/** formatFloat: a double in decimal without exponent, as Prometheus prints sample values as labels. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign, whole, fraction = '', exponent] = match;
  const shift = Number(exponent);
  if (shift > 0) return sign + (whole! + fraction).padEnd(1 + shift, '0');
  return `${sign}0.${'0'.repeat(-shift - 1)}${whole}${fraction}`;
}
