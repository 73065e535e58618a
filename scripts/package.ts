/**
 * Makes what is installed: build/tree, and of it in build/packages a .deb, an .rpm and an OCI image.
 * Usage: node scripts/package.ts [deb] [rpm] [oci]. Prints what it made; all of them where none is named.
 */
import { mkdirSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { buildDeb } from '../packaging/deb.ts';
import { buildOci } from '../packaging/oci.ts';
import { buildRpm } from '../packaging/rpm.ts';
import { buildTree } from '../packaging/tree.ts';
import { root } from '../packaging/workspace.ts';

const builders = { deb: buildDeb, rpm: buildRpm, oci: buildOci };
const kinds = Object.keys(builders) as (keyof typeof builders)[];
const wanted = process.argv.slice(2);
const unknown = wanted.find((word) => !kinds.some((kind) => kind === word));
if (unknown !== undefined) throw new Error(`"${unknown}" is none of ${kinds.join(', ')}`);

process.chdir(root);
await buildTree('build/tree');
mkdirSync('build/packages', { recursive: true });
for (const kind of kinds) {
  if (wanted.length > 0 && !wanted.includes(kind)) continue;
  const path = await builders[kind]('build/tree', 'build/packages');
  console.log(`${relative(root, path)} (${(statSync(path).size / 1e6).toFixed(1)} MB)`);
}
