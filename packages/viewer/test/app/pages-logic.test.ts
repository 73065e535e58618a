import { expect, test } from 'vitest';
import { catalogOf, metricQuery, metricUnit, searchCatalog } from '../../src/app/lib/catalog.ts';
import { csvOf } from '../../src/app/lib/csv.ts';
import { htmlOf, markdown } from '../../src/app/lib/markdown.ts';
import { membersMatch, parseMembers } from '../../src/app/lib/members.ts';
import { blank, packNotes, parseNotes, unpackNotes } from '../../src/app/lib/notebook.ts';
import { reportHtml } from '../../src/app/lib/report.ts';
import { statisticsOf } from '../../src/app/lib/statistics.ts';

const hostile = '<img src=x onerror="alert(1)">';

test.each([
  ['# Why\n\nThe *slow* **disk**', '<h2>Why</h2><p>The <em>slow</em> <strong>disk</strong></p>'],
  ['- one\n- `two`\n1. a', '<ul><li>one</li><li><code>two</code></li></ul><ol><li>a</li></ol>'],
  ['```\n<b>\n```\nafter', '<pre>&lt;b&gt;</pre><p>after</p>'],
  ['> said\n> twice', '<blockquote>said twice</blockquote>'],
  ['[a](https://x.y)', '<p><a href="https://x.y" rel="noreferrer">a</a></p>'],
  ['[a](javascript:alert(1))', '<p>[a](javascript:alert(1))</p>'],
  [hostile, '<p>&lt;img src=x onerror=&quot;alert(1)&quot;&gt;</p>'],
])('Markdown %j is safe HTML', (text, html) => {
  expect(htmlOf(markdown(text))).toBe(html);
});

test.each(['[', '`', '*', '**a', '[a](http://', '- \u2028', '> ', '#', '1. '])(
  'Markdown of nothing but %j ends',
  (piece) => {
    expect(markdown(piece.repeat(20_000)).length).toBeGreaterThan(0);
  },
);

test('a notebook comes through a link as it was, and what is none is refused', () => {
  const plot = { id: 'p', title: 'Größe', style: 'line', unit: 'bytes', query: 'x', width: 'full' } as const;
  const notes = { title: 'Über', text: '# ü', entries: [{ plot, note: hostile }] };
  expect(unpackNotes(packNotes(notes))).toEqual(notes);
  expect(parseNotes(JSON.stringify(blank))).toEqual(blank);
  for (const bad of [
    '',
    'null',
    '{}',
    '{"entries":[1]}',
    '{"entries":[{"plot":{"query":"x","style":"script"}}]}',
  ])
    expect(parseNotes(bad), bad).toBeNull();
  expect(unpackNotes('%%%')).toBeNull();
  const html = reportHtml({ ...notes, title: hostile }, ['data:image/png;base64,AA=='], hostile);
  expect(html).not.toContain('<img src=x');
  expect(html).toContain('<img src="data:image/png;base64,AA==" alt="Größe, chart">');
});

test('a selection has the statistics of its points alone', () => {
  const times = Float64Array.from({ length: 100 }, (_, i) => i * 1000);
  const series = { labels: {}, times, values: times.map((time) => time / 1000) };
  expect(statisticsOf(series, { min: 10_000, max: 20_000 })).toEqual({
    count: 11,
    min: 10,
    mean: 15,
    max: 20,
    quantiles: [15, 19, 20],
  });
  expect(statisticsOf(series, { min: -5, max: -1 })).toBeNull();
});

test('CSV has a column per series, and no formula', () => {
  const series = (name: string, times: number[], values: number[]) => ({
    labels: { name },
    times: Float64Array.from(times),
    values: Float64Array.from(values),
  });
  const all = [series('=1+1', [0, 1000], [1, Number.NaN]), series('a"b', [1000], [2.5])];
  expect(csvOf({ kind: 'lines', series: all })).toBe(
    'time,"\'=1+1","a""b"\r\n1970-01-01T00:00:00.000Z,1,\r\n1970-01-01T00:00:01.000Z,,2.5\r\n',
  );
});

test('members are matched literally, and what has no such label stays', () => {
  expect(membersMatch([])).toBeUndefined();
  expect(membersMatch(['name:/a.b', 'name:x"}|y', 'id:0'])).toBe(
    String.raw`{__name__=~".+", name=~"/a\\.b|x\"\\}\\|y|", id=~"0|"}`,
  );
  expect(parseMembers(['name:a:b', ':x', '{bad}:x'])).toEqual(['name:a:b']);
});

test('the catalog knows metrics by their series, finds them by any word, and plots them', () => {
  const described = { cpu_usage: [{ type: 'counter', help: 'CPU time', unit: 'nanoseconds' }] };
  const catalog = catalogOf(described, [
    { __name__: 'cpu_usage', state: 'user', id: '0' },
    { __name__: 'cpu_usage', state: 'system', id: '0' },
    { __name__: 'redis/total' },
  ]);
  expect(catalog[0]).toEqual({
    name: 'cpu_usage',
    kind: 'counter',
    unit: 'nanoseconds',
    help: 'CPU time',
    series: 2,
    labels: { id: ['0'], state: ['system', 'user'] },
  });
  expect(searchCatalog(catalog, 'TIME user').map(({ name }) => name)).toEqual(['cpu_usage']);
  expect(metricQuery(catalog[0]!, 'state')).toBe('sum by (state) (irate(cpu_usage[5m]))');
  expect(metricUnit(catalog[0]!)).toBe('time');
  expect(metricQuery(catalog[1]!)).toBe('{__name__="redis/total"}');
});
