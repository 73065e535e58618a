import { describe, expect, it } from 'vitest';
import { contentType, escapeLabel, escapeName, negotiate, parseSelector, selects } from '../../src/index.ts';

const protobuf = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

describe('negotiate', () => {
  // The headers of Prometheus 2.42 without and with native histograms, and of 3.x.
  const v2 =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  const v2native = `${protobuf},application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`;
  const v3 = `${protobuf};escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.7,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.1`;

  it.each([
    [undefined, 'text', 'underscores'],
    ['', 'text', 'underscores'],
    ['*/*', 'text', 'underscores'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'text', 'underscores'],
    [v2, 'openmetrics', 'underscores'],
    [v2native, 'protobuf', 'underscores'],
    [v3, 'openmetrics', 'allow-utf-8'],
    ['text/plain;version=1.0.0;escaping=dots', 'text', 'dots'],
    [`${protobuf};escaping=nonsense`, 'protobuf', 'underscores'],
    ['application/vnd.google.protobuf', 'text', 'underscores'],
    ['application/json', 'text', 'underscores'],
    [`${protobuf};q=0,text/plain`, 'text', 'underscores'],
    [','.repeat(100_000), 'text', 'underscores'],
  ])('%s', (accept, format, escaping) => {
    expect(negotiate(accept)).toEqual({ format, escaping });
  });

  it('names what it sends', () => {
    expect(contentType({ format: 'text', escaping: 'underscores' })).toBe(
      'text/plain; version=0.0.4; charset=utf-8',
    );
    expect(contentType({ format: 'openmetrics', escaping: 'allow-utf-8' })).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
    );
  });
});

// The table of prometheus/common, model.TestEscapeName.
describe('escapeName', () => {
  it.each([
    ['no:escaping_required', 'no:escaping_required', 'no:escaping__required', 'no:escaping_required'],
    [
      'mysystem.prod.west.cpu.load',
      'mysystem_prod_west_cpu_load',
      'mysystem_dot_prod_dot_west_dot_cpu_dot_load',
      'U__mysystem_2e_prod_2e_west_2e_cpu_2e_load',
    ],
    ['http.status:sum', 'http_status:sum', 'http_dot_status:sum', 'U__http_2e_status:sum'],
    ['花火', '__', '____', 'U___82b1__706b_'],
  ])('%s', (name, underscores, dots, values) => {
    expect(escapeName(name, 'underscores')).toBe(underscores);
    expect(escapeName(name, 'dots')).toBe(dots);
    expect(escapeName(name, 'values')).toBe(values);
    expect(escapeName(name, 'allow-utf-8')).toBe(name);
  });

  it('takes no colon in a label', () => {
    expect(escapeLabel('a:b.c', 'underscores')).toBe('a_b_c');
  });
});

describe('selectors', () => {
  const labels = { metric: 'cgroup_syscall', sampler: 'syscall_counts', op: 'read', name: '/a"b' };
  it.each([
    ['cgroup_*', true],
    ['cgroup_syscall', true],
    ['cgroup', false],
    ['*', true],
    ['*_syscall{op="read"}', true],
    ['*_syscall{op="write"}', false],
    ['{op!="write"}', true],
    ['{sampler="syscall_*",op="r*d"}', true],
    ['*{name="/a\\"b"}', true],
    ['*{missing=""}', true],
    ['c*p*l', true],
    ['c*pp*l', false],
  ])('%s', (text, expected) => {
    expect(selects(parseSelector(text)!, labels)).toBe(expected);
  });

  it.each(['', 'a b', 'a{', 'a{b}', 'a{b=c}', 'a{b="c"', 'a{b="c",,}', '{b="c"}x'])('refuses %j', (text) => {
    expect(parseSelector(text)).toBeNull();
  });

  it('matches in linear time', () => {
    const startMs = performance.now();
    const selector = parseSelector(`${'*a'.repeat(1000)}b`)!;
    expect(selects(selector, { metric: 'a'.repeat(1e6) })).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});
