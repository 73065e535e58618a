/**
 * npm run bench [-- overhead|programs|scrape|exporter|query|browser|growth|storage] [--quick] [--journal NAME]
 * Prints ours beside the base and the floor of the same run, ratios first; --journal also writes table and numbers to
 * docs/journal/NAME.md and NAME.json.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { browser } from './browser.ts';
import { exporter } from './exporter.ts';
import { overhead } from './overhead.ts';
import { programs } from './programs.ts';
import { query } from './query.ts';
import { growth, scrape } from './scrape.ts';
import { storage } from './storage.ts';
import { machine, renderTable, type Table } from './table.ts';

const benches: Readonly<Record<string, (quick: boolean) => Promise<Table[]>>> = {
  overhead,
  programs,
  scrape,
  exporter,
  query,
  browser,
  growth,
  storage,
};
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, journal: { type: 'string' } },
});
// These take ten minutes and half an hour, so only when they are asked for.
const byDefault = Object.keys(benches).filter((name) => name !== 'growth' && name !== 'storage');
const chosen = positionals.length > 0 ? positionals : byDefault;
const tables: Table[] = [];
for (const name of chosen) {
  const bench = benches[name];
  if (bench === undefined) throw new Error(`no bench ${name}; there are ${Object.keys(benches).join(', ')}`);
  tables.push(...(await bench(values.quick)));
}
const text = tables.map(renderTable).join('\n\n');
console.log(`\n${machine()}\n\n${text}`);
if (values.journal !== undefined) {
  const command = `npm run bench -- ${chosen.join(' ')}${values.quick ? ' --quick' : ''}`;
  writeFileSync(
    `docs/journal/${values.journal}.md`,
    `# ${values.journal}\n\n${machine()}\nMade by \`${command}\`.\n\n${text}\n`,
  );
  writeFileSync(
    `docs/journal/${values.journal}.json`,
    `${JSON.stringify({ machine: machine(), tables }, null, 2)}\n`,
  );
}
