import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  globSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type CommandDoc, writeManifests } from './commands.ts';
import { bashCompletion, fishCompletion, zshCompletion } from './completion.ts';
import { copyright, thirdPartyLicenses } from './copyright.ts';
import { manPages } from './man.ts';
import { installModules } from './modules.ts';
import { buildTime, root, version } from './workspace.ts';

/** Where Node and the packages are on the target. */
const library = 'usr/lib/rezolus';
const program = `${library}/node_modules/@rezolus/cli/bin/run.js`;

/**
 * buildTree: makes the folder afresh as the root of what every package installs: the `rezolus` command with a Node of its
 * own, configuration, units, manual pages and completions. The folder must be inside the repository. All times are
 * `buildTime`, and what is executable depends on nothing but the path.
 */
export async function buildTree(tree: string): Promise<void> {
  rmSync(tree, { recursive: true, force: true });
  const dependencies = await installModules(join(tree, library, 'node_modules'));
  installNode(join(tree, library, 'bin/node'));
  const commands = await writeManifests(join(tree, library, 'node_modules/@rezolus/cli'));
  installCommand(tree);
  installConfig(join(tree, 'etc/rezolus'));
  for (const unit of globSync(join(root, 'packaging/units/*.service')))
    put(tree, join('usr/lib/systemd/system', unit.split('/').at(-1)!), readFileSync(unit));
  installDocuments(tree, commands, thirdPartyLicenses(dependencies, process.versions.node));
  normalize(tree);
}

function put(tree: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content);
}

/** Node without the symbols that only debuggers use, a tenth of it. */
function installNode(target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  cpSync(realpathSync(process.execPath), target);
  execFileSync('strip', ['--strip-all', target]);
}

/** /usr/bin/rezolus is the program itself, whose first line names its Node: there is no shell in between. */
function installCommand(tree: string): void {
  const path = join(tree, program);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^#!.*/, `#!/${library}/bin/node`));
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  symlinkSync(`../../${program}`, join(tree, 'usr/bin/rezolus'));
}

/** The configuration files of the sources, where hindsight writes to the folder that its unit gives it. */
function installConfig(folder: string): void {
  cpSync(join(root, 'config'), folder, { recursive: true });
  const path = join(folder, 'hindsight.toml');
  const text = readFileSync(path, 'utf8');
  const installed = text.replace(/^output = .*$/m, 'output = "/var/lib/rezolus/hindsight/rezolus.parquet"');
  if (installed === text) throw new Error('config/hindsight.toml has no line `output = …`');
  writeFileSync(path, installed);
}

function installDocuments(tree: string, commands: readonly CommandDoc[], licenses: string): void {
  const gzip = (content: string | Buffer) => gzipSync(content, { level: 9 });
  for (const { file, text } of manPages(commands, version, buildTime))
    put(tree, `usr/share/man/man1/${file}.gz`, gzip(text));
  put(tree, 'usr/share/bash-completion/completions/rezolus', bashCompletion(commands));
  put(tree, 'usr/share/zsh/vendor-completions/_rezolus', zshCompletion(commands));
  put(tree, 'usr/share/fish/vendor_completions.d/rezolus.fish', fishCompletion(commands));
  put(tree, 'usr/share/doc/rezolus/copyright', copyright());
  put(tree, 'usr/share/doc/rezolus/third-party-licenses.gz', gzip(licenses));
  put(tree, 'usr/share/doc/rezolus/changelog.gz', gzip(readFileSync(join(root, 'CHANGELOG.md'))));
}

function normalize(tree: string): void {
  const executable = new Set([`${library}/bin/node`, program]);
  for (const path of ['', ...globSync('**/*', { cwd: tree, withFileTypes: false })]) {
    const full = join(tree, path);
    if (path !== 'usr/bin/rezolus')
      chmodSync(full, statSync(full).isDirectory() || executable.has(path) ? 0o755 : 0o644);
    lutimesSync(full, buildTime, buildTime);
  }
}
