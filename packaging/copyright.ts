import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest, root } from './workspace.ts';

/** copyright: under what terms what is ours in the packages is, and where those of the rest are. */
export function copyright(): string {
  return [
    'Rezolus in TypeScript\n',
    text('LICENSE'),
    'The texts of GPL-2.0 and Apache-2.0 are in /usr/share/common-licenses on Debian.',
    'What is under other terms is listed with them in third-party-licenses.gz.\n',
    text('LICENSE-MIT'),
  ].join('\n');
}

/**
 * thirdPartyLicenses: the terms of Node in the given version and of the packages in the given folders of node_modules, with
 * the license texts that these bring along.
 */
export function thirdPartyLicenses(dependencies: readonly string[], node: string): string {
  const ofNode = [
    `Node.js ${node} (lib/rezolus/bin/node) is under the MIT license; it and what it contains are described in`,
    `https://github.com/nodejs/node/blob/v${node}/LICENSE\n`,
  ].join('\n');
  return [ofNode, ...dependencies.map(ofPackage)].join(`\n${'-'.repeat(72)}\n\n`);
}

const text = (path: string): string => readFileSync(join(root, path), 'utf8');

function ofPackage(folder: string): string {
  const { name, version, license = 'see below' } = readManifest(join(root, folder));
  const files = globSync('{LICENSE,LICENCE,License,license,COPYING,NOTICE}*', {
    cwd: join(root, folder),
  }).sort();
  return [`${name} ${version}: ${license}\n`, ...files.map((file) => text(join(folder, file)))].join('\n');
}
