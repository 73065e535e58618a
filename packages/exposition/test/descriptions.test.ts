import { expect, it } from 'vitest';
import { descriptionsOf } from '../src/index.ts';

it('descriptionsOf keeps the first description of a name', () => {
  const metric = (name: string, description: string) => ({ name, kind: 'counter' as const, description });
  expect(descriptionsOf([metric('a', 'first'), metric('b', 'other'), metric('a', 'second')])).toEqual({
    a: 'first',
    b: 'other',
  });
});
