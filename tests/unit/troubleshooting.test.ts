import { readFileSync } from 'node:fs';
import { errorCatalogue } from '@rezolus/core/errors';
import { expect, it } from 'vitest';
import { root } from '../support/rezolus.ts';

it('docs/troubleshooting.md has every error that a user may see', () => {
  const text = readFileSync(`${root}docs/troubleshooting.md`, 'utf8');
  const named = new Set(text.match(/REZ_ERR_[A-Z_]+/g));
  expect([...named].sort()).toEqual(Object.keys(errorCatalogue));
});
