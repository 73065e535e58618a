import { readFileSync } from 'node:fs';
import { parseConfig } from '@rezolus/core/config';
import { expect, it } from 'vitest';
import { exporterConfigSchema, loadExporterConfig } from '../src/config-file.ts';

const path = new URL('../../../config/exporter.toml', import.meta.url).pathname;
const parse = (text: string) => parseConfig(text, 'exporter.toml', exporterConfigSchema);

it('the shipped file has every key with its default', () => {
  const shipped = loadExporterConfig(path);
  expect(shipped).toEqual(parse(''));
  const text = readFileSync(path, 'utf8');
  for (const section of [shipped.general, shipped.log, shipped.prometheus]) {
    for (const key of Object.keys(section)) expect(text).toMatch(new RegExp(`^${key} = `, 'm'));
  }
});

it("takes the original's file", () => {
  const config = parse(`[general]
listen = "0.0.0.0:4242"
source = "127.0.0.1:4241"
[log]
level = "info"
[prometheus]
histograms = true
histogram_grouping_power = 0
summaries = true`);
  expect(config.general).toMatchObject({
    listen: { host: '0.0.0.0', port: 4242 },
    source: 'http://127.0.0.1:4241/',
  });
  expect(config.prometheus).toMatchObject({ histograms: true, histogram_grouping_power: 0 });
});

it.each([
  ['[general]\nsource = "ftp://x"', 'general.source'],
  ['[general]\nsource = "http://x/metrics"', 'general.source'],
  ['[general]\ninterval = "1ms"', 'general.interval'],
  ['[prometheus]\nhistogram_grouping_power = 4', 'prometheus.histogram_grouping_power'],
  ['[prometheus]\ninclude = ["a{"]', '"a{" is not a selector'],
  ['[prometheus]\nhistogram = true', 'did you mean "histograms"?'],
  ['[prometheus]\nseries_limit = 0', 'prometheus.series_limit'],
])('refuses %j', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});
