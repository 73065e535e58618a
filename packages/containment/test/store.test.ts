import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@rezolus/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAllowed, loadInstalled, PluginStore, parseSpec, type Stored } from '../src/store/index.ts';
import { installPlugin } from '../src/store/install.ts';
import { adopt } from './packages.ts';
import { limits } from './support.ts';

const name = 'rezolus-plugin-guest';
let folder: string;
let store: PluginStore;
let stored: Stored;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rezolus-store-'));
  chmodSync(folder, 0o755);
  store = new PluginStore(join(folder, 'plugins'));
  stored = await adopt(store, { name, files: { 'lib/deep.js': 'export const deep = 1;' } });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A path of the installed plugin; of its package where it does not begin with `../`. */
const at = (path: string) => join(store.folder, stored.folder, 'node_modules', name, path);
const edit = (path: string, change: (text: string) => string) =>
  writeFileSync(at(path), change(readFileSync(at(path), 'utf8')));
const changeIndex = (change: (plugin: Record<string, string>) => void) => {
  const path = join(store.folder, 'plugins.json');
  const index = JSON.parse(readFileSync(path, 'utf8'));
  change(index.plugins[0]);
  writeFileSync(path, JSON.stringify(index));
};

describe('PluginStore', () => {
  it('opens what was installed', async () => {
    const { entry, root } = await store.open(await store.find(name));
    expect(entry.manifest).toMatchObject({ name, version: '1.0.0', samplers: ['guest'], builtIn: false });
    expect(entry.hooks).toEqual([`file://${root}/${name}/register.js`]);
    expect(entry.manifest.digest).toMatch(/^sha512-.{88}$/);
  });

  it('keeps one version of a plugin, and no staging', async () => {
    const again = await adopt(store, { name, files: { 'lib/deep.js': 'export const deep = 2;' } });
    expect(await store.list()).toEqual([again]);
    expect(readdirSync(store.folder).sort()).toEqual(['plugins.json', again.folder].sort());
  });

  it('leaves the files alone where the same is installed again, and mends them where they were changed', async () => {
    const same = () => adopt(store, { name, files: { 'lib/deep.js': 'export const deep = 1;' } });
    writeFileSync(at('../../untouched'), '', { mode: 0o644 });
    expect(await same()).toEqual(stored);
    expect(existsSync(at('../../untouched'))).toBe(true);
    edit('lib/deep.js', (text) => text.replace('1', '2'));
    expect(await same()).toEqual(stored);
    expect(existsSync(at('../../untouched'))).toBe(false);
    await store.open(stored);
    expect(readdirSync(store.folder).sort()).toEqual(['plugins.json', stored.folder].sort());
  });

  it('removes a plugin with its files, and says what there is where one is not installed', async () => {
    await expect(store.find('another')).rejects.toThrow(`another is not installed; installed: ${name}`);
    await store.remove(stored);
    expect(existsSync(join(store.folder, stored.folder))).toBe(false);
    await expect(store.find(name)).rejects.toMatchObject({ code: 'REZ_ERR_PLUGIN_INSTALL' });
  });
});

describe('a plugin that was tampered with is refused:', () => {
  const refused = async (reason: string) => {
    await expect(store.list().then(([one]) => store.open(one!))).rejects.toMatchObject({
      code: 'REZ_ERR_PLUGIN_INTEGRITY',
      message: `${name} is not loaded: ${reason}`,
    });
  };

  it('a changed file', async () => {
    edit('lib/deep.js', (text) => text.replace('1', '2'));
    await refused(`${name}/lib/deep.js was changed`);
  });

  it('an added file, such as a lifecycle script would leave behind', async () => {
    writeFileSync(at('postinstall.log'), 'was here');
    await refused(`${name}/postinstall.log was added`);
  });

  it('a removed file', async () => {
    rmSync(at('lib/deep.js'));
    await refused(`${name}/lib/deep.js is missing`);
  });

  it('another ABI in its package.json', async () => {
    edit('package.json', (text) => text.replace('"abi":1', '"abi":2'));
    await refused(`${name}/package.json was changed`);
  });

  it('a changed lock file', async () => {
    edit('../../package-lock.json', (text) => text.replace('1.0.0', '1.0.1'));
    await refused('package-lock.json was changed');
  });

  it('a symbolic link that leads out of it', async () => {
    rmSync(at('lib/deep.js'));
    symlinkSync('/etc/passwd', at('lib/deep.js'));
    await refused(`${name}/lib/deep.js is a symbolic link to /etc/passwd`);
  });

  it.skipIf(process.geteuid!() !== 0)("a file of another user's", async () => {
    chownSync(at('lib/deep.js'), 65_534, 65_534);
    await refused(`${name}/lib/deep.js belongs to the user 65534`);
  });

  it.each([0o666, 0o664])('a file that others can write: mode %o', async (mode) => {
    chmodSync(at('register.js'), mode);
    await refused(`${name}/register.js can be changed by others than its owner`);
  });

  it('a folder that others can write', async () => {
    chmodSync(at('lib'), 0o777);
    await refused(`${name}/lib can be changed by others than its owner`);
  });

  it('a store that others can write', async () => {
    chmodSync(store.folder, 0o777);
    await expect(store.list()).rejects.toThrow('can be changed by others than its owner');
  });

  it('missing digests', async () => {
    rmSync(at('../../integrity.json'));
    await refused('its digests are missing');
  });

  it('digests of another plugin', async () => {
    edit('../../integrity.json', (text) =>
      text.replace(`"name": "${name}"`, '"name": "rezolus-plugin-other"'),
    );
    await refused('its digests are those of rezolus-plugin-other');
  });

  it('digests that others can write', async () => {
    chmodSync(at('../../integrity.json'), 0o666);
    await refused('integrity.json can be changed by others than its owner');
  });

  it('another name in the list than its own', async () => {
    changeIndex((plugin) => {
      plugin.name = 'rezolus-plugin-renamed';
    });
    const [renamed] = await store.list();
    await expect(store.open(renamed!)).rejects.toThrow(`its digests are those of ${name}`);
  });

  it('a folder outside of the store', async () => {
    changeIndex((plugin) => {
      plugin.folder = '../elsewhere';
    });
    await refused('its folder ../elsewhere is not in the store');
  });

  it('another tarball than the one in the list, for which it may be allowed', async () => {
    changeIndex((plugin) => {
      plugin.integrity = 'sha512-AAAA';
    });
    await refused('its digests are of another tarball');
  });

  it('a list that others can write', async () => {
    chmodSync(join(store.folder, 'plugins.json'), 0o666);
    await expect(store.list()).rejects.toMatchObject({ code: 'REZ_ERR_PLUGIN_INTEGRITY' });
  });
});

describe('adopt refuses', () => {
  it.each([
    [{ name: 'x', abi: 2 }, 'REZ_ERR_PLUGIN_ABI', 'x speaks ABI 2, this Rezolus speaks 1; upgrade Rezolus'],
    [{ name: 'x', abi: 0 }, 'REZ_ERR_PLUGIN_ABI', 'x speaks ABI 0, this Rezolus speaks 1; upgrade x'],
    [{ name: 'x', more: { rezolus: {} } }, 'REZ_ERR_PLUGIN_INSTALL', 'x has no "rezolus.abi"'],
    [{ name: 'x', more: { oclif: {} } }, 'REZ_ERR_PLUGIN_INSTALL', 'x has no hook "rezolus:samplers"'],
    [{ name: 'x', samplers: [] }, 'REZ_ERR_PLUGIN_INSTALL', 'x names no samplers'],
    [{ name: 'x', samplers: ['Not Snake'] }, 'REZ_ERR_PLUGIN_INSTALL', 'x names no samplers'],
    [{ name: 'x', more: { name: 'y' } }, 'REZ_ERR_PLUGIN_INSTALL', 'calls itself y'],
    [
      { name: 'x', more: { oclif: { hooks: { 'rezolus:samplers': '../y/register.js' } } } },
      'REZ_ERR_PLUGIN_INSTALL',
      'the hook ../y/register.js of x is not in its package',
    ],
  ])('%o', async (given, code, message) => {
    await expect(adopt(store, given)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(await store.list()).toEqual([stored]);
  });
});

describe('plugins.allow', () => {
  it('names plugins or tarballs; absent allows all, empty none', () => {
    expect(isAllowed({}, stored)).toBe(true);
    expect(isAllowed({ allow: [] }, stored)).toBe(false);
    expect(isAllowed({ allow: ['rezolus-plugin-other'] }, stored)).toBe(false);
    expect(isAllowed({ allow: [name] }, stored)).toBe(true);
    expect(isAllowed({ allow: [`${name}@${stored.integrity}`] }, stored)).toBe(true);
    expect(isAllowed({ allow: [`${name}@sha512-AAAA`] }, stored)).toBe(false);
  });

  it('is honoured before anything of the plugin runs', async () => {
    const { plugins, unloaded } = await loadInstalled(store, { ...limits, allow: [] }, silentLogger);
    expect(plugins).toEqual([]);
    expect(unloaded.map(({ error }) => [error.code, error.message])).toEqual([
      ['REZ_ERR_PLUGIN_NOT_ALLOWED', `${name} is installed, but plugins.allow does not name it`],
    ]);
  });
});

describe('what is to be installed', () => {
  it.each([
    ['rezolus-plugin-nginx', { kind: 'registry', spec: 'rezolus-plugin-nginx' }],
    ['rezolus-plugin-nginx@1.2.0', { kind: 'registry', spec: 'rezolus-plugin-nginx@1.2.0' }],
    ['@acme/plugin@latest', { kind: 'registry', spec: '@acme/plugin@latest' }],
  ])('%s is a package of the registry', (text, spec) => {
    expect(parseSpec(text)).toEqual(spec);
  });

  it('is a path where it looks like one', () => {
    const tarball = join(folder, 'x.tgz');
    writeFileSync(tarball, '');
    for (const text of [tarball, `file:${tarball}`, `file://${tarball}`])
      expect(parseSpec(text)).toEqual({ kind: 'tarball', path: tarball });
    expect(parseSpec(`${folder}/`)).toEqual({ kind: 'folder', path: folder });
    expect(() => parseSpec('missing-1.0.0.tgz')).toThrow('missing-1.0.0.tgz does not exist');
    expect(() => parseSpec('git+ssh://host/x')).toThrow('is not a name, a tarball or a folder');
  });

  it('leaves the store as it was where npm fails, and says why', async () => {
    const tarball = join(folder, 'broken.tgz');
    writeFileSync(tarball, 'this is no tarball');
    await expect(installPlugin(store, tarball)).rejects.toMatchObject({ code: 'REZ_ERR_PLUGIN_INSTALL' });
    expect(await store.list()).toEqual([stored]);
    expect(readdirSync(store.folder).sort()).toEqual(['plugins.json', stored.folder].sort());
  });

  it('never runs its lifecycle scripts', async () => {
    const home = join(folder, 'scripts');
    const marker = join(folder, 'a-script-ran');
    const scripts = Object.fromEntries(
      ['preinstall', 'install', 'postinstall', 'prepack', 'prepare', 'postpack'].map((script) => [
        script,
        `touch ${marker}`,
      ]),
    );
    const scripted = await adopt(new PluginStore(home), { name, more: { scripts } });
    const installed = await installPlugin(store, `${join(home, scripted.folder, 'node_modules', name)}/`);
    expect(installed).toMatchObject({ name, version: '1.0.0', samplers: ['guest'] });
    expect(existsSync(marker)).toBe(false);
  });
});
