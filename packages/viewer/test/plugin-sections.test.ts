import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fileSource, loadPluginSections } from '../src/index.ts';
import { smallRecording } from './recordings.ts';
import { startTest } from './support.ts';

const dir = mkdtempSync(join(tmpdir(), 'viewer-plugins-'));
afterAll(() => rmSync(dir, { recursive: true }));

const section = (id: string, plot: object = {}) => ({
  id,
  name: `Section ${id}`,
  groups: [
    {
      id: 'g',
      name: 'G',
      subgroups: [
        {
          name: 'S',
          plots: [
            {
              id: 'ops',
              title: 'Ops',
              style: 'line',
              unit: 'rate',
              query: 'sum(irate(ops[5m]))',
              width: 'half',
              ...plot,
            },
          ],
        },
      ],
    },
  ],
});

/** A plugin's package with these documents; `listed` is what its package.json names. */
function plugin(name: string, documents: Record<string, string>, listed: unknown = Object.keys(documents)) {
  const folder = join(dir, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name, rezolus: { abi: 1, sections: listed } }),
  );
  for (const [file, text] of Object.entries(documents)) writeFileSync(join(folder, file), text);
  return { name, folder };
}

test('a section of a plugin is in the navigation and is filled from a recording', async () => {
  const good = plugin('good', { 'ops.json': JSON.stringify(section('ops')) });
  const { sections, refused } = await loadPluginSections([good], ['cpu']);
  expect(refused).toEqual([]);
  const path = join(dir, 'small.parquet');
  writeFileSync(path, await smallRecording(10));
  await using viewer = await startTest(await fileSource(path), { sections });
  const all = (await viewer.call('/api/rezolus/v1/sections')).json;
  expect(all.at(-1)).toEqual({ id: 'ops', name: 'Section ops', plots: 1, available: 1 });
  expect((await viewer.call('/api/rezolus/v1/sections/ops')).json.empty).toEqual({});
});

test('metrics that no section shows are found all the same', async () => {
  const path = join(dir, 'other.parquet');
  writeFileSync(path, await smallRecording(10));
  await using viewer = await startTest(await fileSource(path));
  expect((await viewer.call('/api/v1/metadata')).json.data).toHaveProperty('ops');
});

test('hostile documents are refused, each with its reason; the others stay', async () => {
  const outside = join(dir, 'outside.json');
  writeFileSync(outside, JSON.stringify(section('outside')));
  const documents = {
    'good.json': JSON.stringify(section('good')),
    'text.json': '<script>',
    'null.json': 'null',
    'deep.json': '['.repeat(100_000),
    'large.json': JSON.stringify({ ...section('large'), more: 'x'.repeat(300_000) }),
    'proto.json': '{"__proto__": {"id": "x"}, "constructor": 1}',
    'unknown.json': JSON.stringify({ ...section('unknown'), onload: 'alert(1)' }),
    'style.json': JSON.stringify(section('style', { style: 'javascript:' })),
    'empty.json': JSON.stringify({ ...section('empty'), groups: [] }),
    'ours.json': JSON.stringify(section('cpu')),
    'page.json': JSON.stringify(section('metadata')),
    'again.json': JSON.stringify(section('good')),
    'id.json': JSON.stringify(section('../x')),
  };
  const hostile = plugin('hostile', documents, [
    ...Object.keys(documents),
    '../outside.json',
    'link.json',
    '/etc/passwd',
    'none.json',
    7,
  ]);
  symlinkSync(outside, join(hostile.folder, 'link.json'));
  const { sections, refused } = await loadPluginSections([hostile], ['cpu']);
  expect(sections.map(({ id }) => id)).toEqual(['good']);
  const reasons = Object.fromEntries(refused.map(({ file, reason }) => [file, reason]));
  expect(Object.keys(reasons)).toHaveLength(16);
  expect(refused.every(({ plugin, reason }) => plugin === 'hostile' && reason.length > 5)).toBe(true);
  expect(reasons['large.json']).toMatch(/larger than 256 KiB/);
  expect(reasons['unknown.json']).toMatch(/onload/);
  expect(reasons['style.json']).toMatch(/style/);
  expect(reasons['ours.json']).toMatch(/another section has the id cpu/);
  expect(reasons['again.json']).toMatch(/another section has the id good/);
  expect(reasons['../outside.json']).toMatch(/leads out of the package/);
  expect(reasons['link.json']).toMatch(/leads out of the package/);
});

test.each([{ sections: 'x' }, { sections: null }, null, 5])(
  'a package.json that says %j brings no section',
  async (rezolus) => {
    const folder = join(dir, 'odd');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ rezolus }));
    expect(await loadPluginSections([{ name: 'odd', folder }], [])).toEqual({ sections: [], refused: [] });
  },
);
