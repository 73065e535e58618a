import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { RezolusError } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../src/index.ts';

const corpus = new URL('../../../../../shared/corpora/prom-text/expfmt/', import.meta.url);
const corpusMissing = !existsSync(corpus);
if (corpusMissing) console.warn('skipped: ../shared/corpora/prom-text is absent');

const refusal = (text: string | Uint8Array, format: 'text' | 'openmetrics' = 'text'): string => {
  try {
    parseExposition(text, format);
  } catch (error) {
    expect(error).toBeInstanceOf(RezolusError);
    expect((error as RezolusError).code).toBe('REZ_ERR_EXPOSITION_FORMAT');
    return (error as RezolusError).message;
  }
  return 'accepted';
};

describe.skipIf(corpusMissing)("prometheus/common's corpus", () => {
  const files = corpusMissing ? [] : readdirSync(new URL('fuzz/corpus/', corpus));

  it.each(files.filter((name) => name.includes('error')))('refuses %s', (name) => {
    expect(refusal(readFileSync(new URL(`fuzz/corpus/${name}`, corpus)))).toMatch(/^line \d+: /);
  });

  it.each(files.filter((name) => !name.includes('error')))('accepts %s', (name) => {
    expect(() => parseExposition(readFileSync(new URL(`fuzz/corpus/${name}`, corpus)), 'text')).not.toThrow();
  });

  it('reads a whole server', () => {
    const families = parseExposition(readFileSync(new URL('testdata/text', corpus)), 'text');
    const byName = new Map(families.map((family) => [family.name, family]));
    expect(families.length).toBe(
      new Set(readFileSync(new URL('testdata/text', corpus), 'utf8').match(/(?<=^# TYPE )\S+/gm)).size,
    );
    const durations = byName.get('http_request_duration_microseconds')!;
    expect(durations).toMatchObject({ type: 'summary', help: 'The HTTP request latencies in microseconds.' });
    expect(durations.samples.find(({ labels }) => labels.handler === 'prometheus')).toMatchObject({
      labels: { quantile: '0.5' },
      value: 1307.275,
      timestampMs: null,
    });
  });

  it('reads what the fuzz seeds mean', () => {
    const read = (name: string) =>
      parseExposition(readFileSync(new URL(`fuzz/corpus/${name}`, corpus)), 'text');
    const [name, name2] = read('from_test_parse_2');
    expect(name).toMatchObject({ name: 'name', type: 'counter', help: 'two-line\n doc  str\\ing' });
    expect(name!.samples[1]).toMatchObject({
      labels: { labelname: 'val2', basename: 'base"v\\al\nue' },
      value: 0.23,
      timestampMs: 1234567890,
    });
    expect(name2!.samples.map(({ value }) => value)).toEqual([Infinity, -Infinity]);
    const families = read('from_test_parse_3').map((family) => [family.name, family.samples.length]);
    expect(Object.fromEntries(families)).toMatchObject({ my_summary: 8, decoy: 1, fake_sum: 1 });
  });
});

describe('text', () => {
  it.each([
    ['{"my.metric",a="b"} 1\n', 'my.metric', { a: 'b' }],
    ['{a="b","my.metric"} 1\n', 'my.metric', { a: 'b' }],
    ['m{"a.b"="c"} 1\n', 'm', { 'a.b': 'c' }],
    ['m{__proto__="x"} 1\n', 'm', { ['__proto__']: 'x' }],
  ])('takes quoted and odd names: %s', (text, name, labels) => {
    const [family] = parseExposition(text, 'text');
    expect(family!.name).toBe(name);
    expect(Object.entries(family!.samples[0]!.labels)).toEqual(Object.entries(labels));
  });

  it.each([
    'm{a="1",a="2"} 1\n',
    'm 0x10p0\n',
    'm 1_000\n',
    'm{a="b" 1\n',
    'm{a="b",,} 1\n',
    '{"a","b"} 1\n',
    'm\n',
  ])('refuses %j', (text) => {
    expect(refusal(text)).toMatch(/^line 1: /);
  });

  it('refuses what is not UTF-8', () => {
    expect(refusal(Buffer.from('m{a="\xff"} 1\n', 'latin1'))).toBe('the text is not UTF-8');
  });

  it('takes long hostile lines in linear time', () => {
    const startMs = performance.now();
    for (const line of [
      '{'.repeat(1e6),
      `m{${'a,'.repeat(5e5)}`,
      `m{a="${'\\\\'.repeat(5e5)}`,
      '"'.repeat(1e6),
    ]) {
      expect(refusal(`${line}\n`)).toMatch(/^line 1: /);
    }
    expect(performance.now() - startMs).toBeLessThan(2000);
  });
});

describe('OpenMetrics', () => {
  const document = `# TYPE acme_http_router_request_seconds summary
# UNIT acme_http_router_request_seconds seconds
# HELP acme_http_router_request_seconds Latency though all of ACME's HTTP request router.
acme_http_router_request_seconds_sum{path="/api/v1",method="GET"} 9036.32
acme_http_router_request_seconds_count{path="/api/v1",method="GET"} 807283.0
acme_http_router_request_seconds_created{path="/api/v1",method="GET"} 1605281325.0
# TYPE go_goroutines gauge
# HELP go_goroutines Number of goroutines that currently exist.
go_goroutines 69
# TYPE foo histogram
foo_bucket{le="0.01"} 0
foo_bucket{le="1.0"} 11 # {trace_id="KOO5S4vxi0o"} 0.67
foo_bucket{le="+Inf"} 17 # {trace_id="oHg5SJYRHA0"} 9.8 1520879607.789
foo_count 17
foo_sum 324789.3
# TYPE process_cpu_seconds counter
process_cpu_seconds_total 4.20072246e+06 1.5
# EOF
`;

  it("takes the specification's example", () => {
    const families = parseExposition(document, 'openmetrics');
    expect(families.map(({ name, type, samples }) => [name, type, samples.length])).toEqual([
      ['acme_http_router_request_seconds', 'summary', 3],
      ['go_goroutines', 'gauge', 1],
      ['foo', 'histogram', 5],
      ['process_cpu_seconds', 'counter', 1],
    ]);
    expect(families[3]!.samples[0]!.timestampMs).toBe(1500);
  });

  it.each([
    ['no end', 'a 1\n'],
    ['text after the end', '# EOF\na 1\n'],
    ['a blank line', 'a 1\n\n# EOF\n'],
    ['a comment', '# hello\n# EOF\n'],
    ['two spaces', 'a  1\n# EOF\n'],
    ['a comma at the end', 'a{b="c",} 1\n# EOF\n'],
    ['families in pieces', 'a 1\nb 1\na 2\n# EOF\n'],
    ['a counter without _total', '# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n# EOF\n'],
    ['a negative counter', '# TYPE a counter\na_total -1\n# EOF\n'],
    ['a unit that is not in the name', '# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n'],
    ['no bucket +Inf', '# TYPE a histogram\na_bucket{le="1.0"} 1\na_count 1\na_sum 1\n# EOF\n'],
    ['falling buckets', '# TYPE a histogram\na_bucket{le="1.0"} 2\na_bucket{le="+Inf"} 1\n# EOF\n'],
    ['a quantile beyond 1', '# TYPE a summary\na{quantile="1.5"} 1\n# EOF\n'],
    ['an exemplar on a gauge', '# TYPE a gauge\na 1 # {b="c"} 1\n# EOF\n'],
    ['metadata after samples', '# TYPE a gauge\na 1\n# HELP a b\n# EOF\n'],
    ['a second type', '# TYPE a gauge\n# TYPE a gauge\n# EOF\n'],
    ['a shared sample name', '# TYPE a counter\na_total 1\n# TYPE a_total gauge\na_total 1\n# EOF\n'],
  ])('refuses %s', (_, text) => {
    expect(refusal(text, 'openmetrics')).toMatch(/^line \d+: /);
  });
});
