import { describe, expect, it } from 'vitest';
import { parseLine } from '../src/external/line.ts';
import { type DropReason, type Message, Refused } from '../src/external/message.ts';
import { PushStream } from '../src/external/stream.ts';
import { binaryFrame, message, text16 } from './push.ts';

const line = (text: string) => parseLine(Buffer.from(text));

/** collect: what a stream makes of chunks; a Refused that ends the stream is the last. */
function collect(chunks: readonly Buffer[], protocol: 'auto' | 'line' | 'binary' = 'auto') {
  const messages: Message[] = [];
  const drops: DropReason[] = [];
  const drop = ({ reason }: Refused) => void drops.push(reason);
  const stream = new PushStream(protocol, {
    take(read) {
      try {
        const one = read();
        if (one !== null) messages.push(one);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        drop(error);
      }
    },
    drop,
  });
  try {
    for (const chunk of chunks) stream.feed(chunk);
    stream.end();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    drop(error);
  }
  return { messages, drops, heldBytes: stream.heldBytes };
}

/** random: a small generator (mulberry32), the same numbers in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('parseLine', () => {
  it.each([
    ['requests counter:18446744073709551615', 'counter', 2n ** 64n - 1n],
    ['temperature gauge:-9223372036854775808', 'gauge', -(2n ** 63n)],
    ['temperature\tgauge:+7\r', 'gauge', 7n],
  ])('reads %j', (text, kind, value) => {
    expect(line(text)).toMatchObject({ kind, value, name: text.split(/\s/)[0] });
  });

  it('reads labels, with escapes and with what separates lines elsewhere', () => {
    expect(line(String.raw`a.b{k="v w}{,=",k2 = "say \"hi\"\\\n \d",} counter:1`)).toEqual({
      kind: 'counter',
      value: 1n,
      name: 'a.b',
      labels: new Map([
        ['k', 'v w}{,='],
        ['k2', 'say "hi"\\\n \\d'],
      ]),
    });
  });

  it('reads histograms of (m - g + 1) * 2^g buckets', () => {
    const buckets = Array.from({ length: 144 }, (_, i) => i);
    expect(line(`h histogram:3,20:${buckets.join(' ')}`)).toMatchObject({
      kind: 'histogram',
      value: {
        config: { groupingPower: 3, maxValuePower: 20 },
        buckets: BigUint64Array.from(buckets, BigInt),
      },
    });
  });

  it('reads sessions, and no more into comments', () => {
    expect(line('# SESSION app="shop",pod="a-1"')).toEqual({
      kind: 'session',
      labels: new Map([
        ['app', 'shop'],
        ['pod', 'a-1'],
      ]),
    });
    expect(line('# SESSION')).toEqual({ kind: 'session', labels: new Map() });
    for (const text of ['', '  ', '#', '# SESSIONS a="b"', '# hello']) expect(line(text)).toBeNull();
  });

  it.each<[string, DropReason]>([
    ['requests', 'malformed'],
    ['requests 1', 'malformed'],
    ['{a="b"} counter:1', 'malformed'],
    ['a{b="c" counter:1', 'malformed'],
    ['a{b=c} counter:1', 'malformed'],
    ['a{b="c"}counter:1', 'malformed'],
    ['a{b="c\\"} counter:1', 'malformed'],
    ['# SESSION a=b', 'malformed'],
    ['a counter:-1', 'invalid_value'],
    ['a counter:18446744073709551616', 'invalid_value'],
    ['a counter:1.5', 'invalid_value'],
    ['a counter:', 'invalid_value'],
    ['a gauge:9223372036854775808', 'invalid_value'],
    ['a histogram:3,20:1 2 3', 'invalid_value'],
    ['a histogram:20,3:1', 'invalid_value'],
    ['a histogram:3:1', 'malformed'],
  ])('refuses %j', (text, reason) => {
    expect(() => line(text)).toThrow(expect.objectContaining({ reason }));
  });
});

describe('PushStream', () => {
  const frame = binaryFrame([
    message.session({ app: 'shop' }),
    message.counter('requests', 5n, { k: 'v' }),
    message.gauge('level', -5n),
    message.histogram('sizes', 0, 2, [0n, 1n, 0n]),
  ]);
  const expected = [
    { kind: 'session', labels: new Map([['app', 'shop']]) },
    { kind: 'counter', value: 5n, name: 'requests', labels: new Map([['k', 'v']]) },
    { kind: 'gauge', value: -5n, name: 'level' },
    { kind: 'histogram', name: 'sizes', value: { config: { groupingPower: 0, maxValuePower: 2 } } },
  ];

  it('reads frames whatever the pieces in which they come', () => {
    const two = Buffer.concat([frame, frame]);
    for (const size of [1, 3, 13, two.length]) {
      const chunks = Array.from({ length: Math.ceil(two.length / size) }, (_, i) =>
        two.subarray(i * size, (i + 1) * size),
      );
      const { messages, drops, heldBytes } = collect(chunks);
      expect(messages).toMatchObject([...expected, ...expected]);
      expect({ drops, heldBytes }).toEqual({ drops: [], heldBytes: 0 });
    }
  });

  it('reads lines whatever the pieces, the last without its newline', () => {
    const text = Buffer.from('REZ gauge:1\n\nb{x="ü"} counter:2\r\n# no\nc counter:3');
    for (const size of [1, 2, 7, text.length]) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.subarray(i * size, (i + 1) * size),
      );
      const { messages, drops } = collect(chunks);
      expect(messages.map((one) => ('name' in one ? one.name : ''))).toEqual(['REZ', 'b', 'c']);
      expect(drops).toEqual([]);
    }
  });

  it('goes on with the next message after a wrong value, with the next frame after a wrong length', () => {
    const wrongValue = binaryFrame([message.histogram('h', 3, 20, [1n]), message.counter('a', 1n)]);
    const cut = binaryFrame([Buffer.concat([Buffer.from([1, 0]), text16('x')])]);
    const { messages, drops } = collect([wrongValue, cut, frame]);
    expect(messages.map(({ kind }) => kind)).toEqual(['counter', 'session', 'counter', 'gauge', 'histogram']);
    expect(drops).toEqual(['invalid_value', 'malformed']);
  });

  it.each<[string, Buffer, DropReason]>([
    ['a frame of another version', Buffer.from('REZL\x02\0\0\0\0\0\0\0'), 'malformed'],
    ['a payload of 64 KiB and one byte', Buffer.from('REZL\x01\0\0\0\x01\0\x01\0'), 'too_long'],
    ['a line without an end', Buffer.alloc(65_537, 'a'), 'too_long'],
    ['half a frame', frame.subarray(0, 20), 'malformed'],
    ['a text that is none', Buffer.from([0x61, 0xff, 0x0a]), 'malformed'],
  ])('ends with %s', (_, bytes, reason) => {
    const { messages, drops } = collect([bytes]);
    expect({ messages, drops }).toEqual({ messages: [], drops: [reason] });
  });

  it('takes 4,000 mutated streams without another error and without holding more than a message', () => {
    const next = random(10);
    const seeds = [
      frame,
      Buffer.from('a{k="v",l="\\"w"} counter:1\n# SESSION a="b"\nh histogram:0,2:0 1 0\ng gauge:-1\n'),
    ];
    for (let round = 0; round < 4000; round++) {
      const bytes = Buffer.from(seeds[round % 2]!);
      for (let left = 1 + Math.floor(next() * 6); left > 0; left--)
        bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
      const cut = Math.floor(next() * bytes.length);
      const protocol = (['auto', 'line', 'binary'] as const)[round % 3]!;
      const { heldBytes } = collect([bytes.subarray(0, cut), bytes.subarray(cut)], protocol);
      expect(heldBytes).toBeLessThanOrEqual(2 * 65_536);
    }
  });
});
