import {
  counterOf,
  gaugeOf,
  histogramOf,
  type Message,
  type PushedLabels,
  type PushedValue,
  Refused,
} from './message.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const session = /^#\s*SESSION(?:\s+(.*))?$/s;
/** One label and what separates it from the next; quotes and backslashes in a value are escaped. */
const label = /\s*([^\s={},"]+)\s*=\s*"([^"\\]*(?:\\.[^"\\]*)*)"\s*(,|(?=\})|$)/sy;

/**
 * parseLine: a line of the line protocol: `name{k="v"} counter:1`, `gauge:-1` or `histogram:g,m:b0 b1 …`; null for blank
 * lines and comments. `# SESSION k="v"` is a session. Throws {@link Refused}.
 */
export function parseLine(bytes: Uint8Array): Message | null {
  const line = textOf(bytes).trim();
  if (line === '') return null;
  if (line.startsWith('#')) return sessionOf(line);
  const nameEnd = line.search(/[{\s]/);
  if (nameEnd < 1) throw new Refused('malformed');
  const name = line.slice(0, nameEnd);
  if (line[nameEnd] !== '{')
    return { name, labels: new Map(), ...pushedValue(line.slice(nameEnd).trimStart()) };
  const { labels, end } = readLabels(line, nameEnd + 1);
  if (line[end] !== '}' || !/\s/.test(line[end + 1] ?? '')) throw new Refused('malformed');
  return { name, labels, ...pushedValue(line.slice(end + 1).trimStart()) };
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refused('malformed');
  }
}

function sessionOf(line: string): Message | null {
  const match = session.exec(line);
  if (match === null) return null;
  const text = match[1] ?? '';
  const { labels, end } = readLabels(text, 0);
  if (end !== text.length) throw new Refused('malformed');
  return { kind: 'session', labels };
}

/** readLabels: the labels from a position on, and where they end. */
function readLabels(text: string, start: number): { labels: PushedLabels; end: number } {
  const labels = new Map<string, string>();
  let end = start;
  for (;;) {
    label.lastIndex = end;
    const match = label.exec(text);
    if (match === null) return { labels, end };
    const [whole, key, value] = match;
    labels.set(key!, unescaped(value!));
    end += whole.length;
  }
}

function unescaped(value: string): string {
  return value.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function pushedValue(text: string): PushedValue {
  const [, kind, value] = /^(counter|gauge|histogram):(.*)$/s.exec(text) ?? [];
  switch (kind) {
    case 'counter':
      return counterOf(integerOf(value!));
    case 'gauge':
      return gaugeOf(integerOf(value!));
    case 'histogram':
      return histogramFrom(value!);
    default:
      throw new Refused('malformed');
  }
}

function histogramFrom(text: string): PushedValue {
  const [, g, m, counts] = /^(\d{1,2}),(\d{1,2}):(.*)$/s.exec(text) ?? [];
  if (counts === undefined) throw new Refused('malformed');
  const values = counts
    .trim()
    .split(/\s+/)
    .map((count) => counterOf(integerOf(count)).value as bigint);
  return histogramOf(Number(g), Number(m), BigUint64Array.from(values));
}

function integerOf(text: string): bigint {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new Refused('invalid_value');
  return BigInt(text.replace('+', ''));
}
