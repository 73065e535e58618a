import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { scaffold } from '@rezolus/create-sampler';
import { expect, it } from 'vitest';
import { run, TemporaryFolder } from '../../../tests/support/rezolus.ts';

it('rezolus plugins:create writes what npm create does, and nothing over what is there', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'disk-wear');
  const expected = scaffold(join(folder.path, 'by-hand/disk-wear'), 'procfs');
  const create = (...args: string[]) =>
    run('plugins:create', '--no-install', '--template', 'procfs', ...args);
  expect(await create(path)).toMatchObject({ code: 0, stdout: expect.stringContaining('next: cd') });
  const written = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(written).toHaveLength(expected.length);
  expect(await create(path)).toMatchObject({ code: 1, stderr: expect.stringContaining('REZ_ERR_SCAFFOLD') });
  expect(await create(join(folder.path, 'Wear'))).toMatchObject({ code: 1 });
  expect(existsSync(join(folder.path, 'Wear'))).toBe(false);
});
