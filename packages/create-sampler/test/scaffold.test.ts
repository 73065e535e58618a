import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from '@rezolus/query';
import { parseSection } from '@rezolus/viewer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../src/cli.ts';
import { samplerNames, scaffold, type Template, templates } from '../src/index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rezolus-scaffold-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refused = expect.objectContaining({ code: 'REZ_ERR_SCAFFOLD' });

describe('samplerNames', () => {
  it('spells a name for every place', () => {
    expect(samplerNames('nfs-read-2nd')).toEqual({
      kebab: 'nfs-read-2nd',
      snake: 'nfs_read_2nd',
      camel: 'nfsRead2nd',
      title: 'Nfs read 2nd',
    });
  });

  it.each([
    ...['', 'one', 'class', 'my_sampler', 'My-sampler', '-a', 'a-', 'a--b', '2nd-try', 'a b', 'a-b\n', 'ä-b'],
    ...['..', '../a-', '@scope/a-b', 'my-sampler;rm', 'my-"sampler', `a-${'b'.repeat(48)}`],
  ])('refuses %j', (name) => {
    expect(() => samplerNames(name)).toThrow(refused);
  });
});

describe.each(Object.keys(templates) as Template[])('scaffold %s', (template) => {
  const read = (path: string) => readFileSync(join(folder, `${template}-meter`, path), 'utf8');

  it('writes a package with its own name in every place', () => {
    const files = scaffold(join(folder, `${template}-meter`), template);
    expect(files).toEqual(expect.arrayContaining(['.gitignore', '.github/workflows/ci.yml', 'README.md']));
    for (const file of files) {
      expect(file).not.toMatch(/my.?sampler/i);
      expect(read(file)).not.toMatch(/my.?sampler|\^0\.0\.0/i);
    }
    const manifest = JSON.parse(read('package.json'));
    expect(manifest.name).toBe(`rezolus-plugin-${template}-meter`);
    expect(manifest.rezolus.samplers).toEqual([`${template}_meter`]);
    // What is installed with a plugin is all that the host does not have.
    expect(manifest.dependencies).toBeUndefined();
  });

  it('brings a section that shows the metrics that it declares', () => {
    const { rezolus } = JSON.parse(read('package.json'));
    const section = parseSection(JSON.parse(read(rezolus.sections[0])));
    const declared = [...read('src/metrics.ts').matchAll(/name: '(\w+)',\s+kind/g)].map((match) => match[1]!);
    const queries = section.groups.flatMap(({ subgroups }) =>
      subgroups.flatMap(({ plots }) => plots.map(({ query }) => query)),
    );
    for (const query of queries) {
      expect(() => parse(query)).not.toThrow();
      expect(declared.some((metric) => query.includes(metric))).toBe(true);
    }
    for (const metric of declared) expect(queries.some((query) => query.includes(metric))).toBe(true);
  });

  it('leaves alone what is there', () => {
    mkdirSync(join(folder, `${template}-empty`));
    expect(() => scaffold(join(folder, `${template}-empty`), template)).toThrow(refused);
    expect(() => scaffold(join(folder, `${template}-meter`), template)).toThrow(refused);
    expect(readdirSync(join(folder, `${template}-empty`))).toEqual([]);
  });
});

describe('create-sampler', () => {
  const command = (...argv: string[]) => {
    const printed = { out: '', error: '' };
    const code = run(argv, {
      out: (text) => {
        printed.out += text;
      },
      error: (text) => {
        printed.error += text;
      },
    });
    return { code, ...printed };
  };

  it('explains itself', () => {
    expect(command('--help')).toMatchObject({ code: 0, out: expect.stringContaining('npm create') });
    expect(command()).toMatchObject({ code: 2 });
    expect(command('a-b', 'c-d')).toMatchObject({ code: 2 });
    expect(command('a-b', '--template', 'toString')).toMatchObject({ code: 2 });
    expect(command('a-b', '--fast')).toMatchObject({ code: 2, error: expect.stringContaining('--fast') });
  });

  it('says what is wrong, or what comes next', () => {
    expect(command('sampler')).toMatchObject({
      code: 1,
      error: expect.stringMatching(/REZ_ERR_SCAFFOLD.*two or more/s),
    });
    expect(command(join(folder, 'deep/er/disk-wear'), '-t', 'procfs', '--no-install')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/next: cd .*disk-wear, then npm install, npm run build, npm test/),
    });
  });
});
