import { readFileSync } from 'node:fs';
import { parseConfig } from '@rezolus/core/config';
import { expect, it } from 'vitest';
import { segmentRows } from '../src/config.ts';
import { hindsightConfigSchema, loadHindsightConfig } from '../src/config-file.ts';
import { configOf } from './support.ts';

const path = new URL('../../../config/hindsight.toml', import.meta.url).pathname;
const parse = (text: string) => parseConfig(text, 'hindsight.toml', hindsightConfigSchema);

it('the shipped file has every key with its default', () => {
  const shipped = loadHindsightConfig(path);
  expect(shipped).toEqual(parse(''));
  const text = readFileSync(path, 'utf8');
  for (const section of [shipped.general, shipped.log]) {
    for (const key of Object.keys(section)) expect(text).toMatch(new RegExp(`^#.*\\n${key} = `, 'm'));
  }
});

it("takes the original's file", () => {
  const { general } = parse(`[general]
interval = "100ms"
duration = "1h 30m"
source = "127.0.0.1:4241"
output = "/tmp/rezolus.rez"
listen = "127.0.0.1:4242"
segment_rows = 900
[log]
level = "info"`);
  expect(general).toEqual({
    interval: 100,
    duration: 5_400_000,
    source: 'http://127.0.0.1:4241/',
    http_config_file: '',
    output: '/tmp/rezolus.rez',
    listen: { host: '127.0.0.1', port: 4242 },
    web_config_file: '',
    hosts: [],
    segment_rows: 900,
  });
});

it.each([
  ['source = "ftp://x"', 'general.source'],
  ['interval = "1ms"', 'general.interval'],
  ['interval = "1m"\nduration = "1s"', 'general.duration'],
  ['listen = "4242"', 'general.listen'],
  ['output = "/tmp/"', 'general.output'],
  ['segment_rows = 1801', 'general.segment_rows'],
  ['lookback = "1m"', 'unknown key "general.lookback"'],
  ['durations = "1m"', 'did you mean "duration"?'],
])('refuses %j', (text, message) => {
  expect(() => configOf(text)).toThrow(message);
});

it.each([
  ['', 75],
  ['interval = "100ms"', 750],
  ['interval = "10ms"', 900],
  ['duration = "1m"', 60],
  ['segment_rows = 7', 7],
])('with %j has segments of %i rows', (text, rows) => {
  expect(segmentRows(configOf(text).general)).toBe(rows);
});
