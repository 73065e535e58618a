import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameReader } from '../src/frames.ts';
import { reportOf, statusesOf } from '../src/status.ts';
import { LogGate, plain } from '../src/text.ts';
import { Lines } from './support.ts';

describe('FrameReader', () => {
  const first = { head: { kind: 'refreshed', tick: 1 }, body: Uint8Array.of(1, 2, 3) };
  const second = { head: { kind: 'log', message: 'ä' }, body: new Uint8Array(0) };
  const bytes = Buffer.concat([encodeFrame(first.head, first.body), encodeFrame(second.head)]);

  it.each([1, 2, 7, 64, 1024])('joins chunks of %d bytes', (size) => {
    const reader = new FrameReader(1024);
    const frames = [];
    for (let at = 0; at < bytes.length; at += size)
      frames.push(...reader.push(bytes.subarray(at, at + size)));
    expect(frames).toEqual([first, second]);
  });

  it('refuses a length before it keeps anything', () => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(0xffff_ffff, 4);
    expect(() => new FrameReader(1024).push(header)).toThrow(
      'sent a message of 4294967303 bytes; allowed are 1024',
    );
  });

  it('refuses what is not JSON', () => {
    const frame = Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{')]);
    expect(() => new FrameReader(1024).push(frame)).toThrow(
      expect.objectContaining({ code: 'REZ_ERR_PLUGIN_DATA' }),
    );
  });
});

describe('what a plugin says of itself', () => {
  it('is taken for its own samplers alone, and in the right shape', () => {
    const sent = [
      { name: 'other', state: 'active' },
      { name: 'guest', state: 'wonderful', error: 'x'.repeat(9999), code: 7, drops: { full: -1, lost: 3 } },
      null,
      'guest',
    ];
    const statuses = statusesOf(sent, { guest: {} });
    expect([...statuses.keys()]).toEqual(['guest']);
    expect(statuses.get('guest')).toMatchObject({
      state: 'failed',
      drops: { full: 0, lost: 3 },
      programs: [],
    });
    expect(statuses.get('guest')!.error).toHaveLength(500);
    expect(reportOf(statuses.get('guest'))).toMatchObject({ route: '', mapBytes: 0 });
    expect(statusesOf({ length: 1e9 }, { guest: {} }).size).toBe(0);
  });

  it('is one line without control characters', () => {
    expect(plain('a\n\u001b[31mb\u202e')).toBe('a \ufffd[31mb\ufffd');
  });

  it('is logged at most twenty times in ten seconds', () => {
    const log = new Lines();
    const gate = new LogGate(log.logger, 'p');
    for (let i = 0; i < 1000; i++) gate.write('no level', 'guest', `line ${i}`);
    expect(log.lines).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i}`));
  });
});
