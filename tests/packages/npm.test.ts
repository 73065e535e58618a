import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';
import { root } from '../support/rezolus.ts';

/** How our packages are not meant to be resolved: as CommonJS, or by a resolver without `exports` (profile "esm-only"). */
const notOurs = ['node10', 'node16-cjs'];

const tarballs = execFileSync(process.execPath, ['scripts/pack.ts'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n');

describe.each(tarballs.map((path) => ({ name: basename(path), data: readFileSync(path) })))(
  '$name',
  ({ data }) => {
    it('passes publint', async () => {
      const tarball = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
      const { messages, pkg } = await publint({ pack: { tarball } });
      // Those of create-sampler's templates are not packages of this one, but what it makes packages of.
      const real = messages.filter(({ code }) => code !== 'NESTED_PACKAGE_JSON_FIELD_IGNORED');
      expect(real.map((message) => formatMessage(message, pkg))).toEqual([]);
    });

    it('has types that are right', async () => {
      const { packageName, ...result } = await checkPackage(createPackageFromTarballData(data));
      // Headers in C have no types.
      if (packageName === '@rezolus/bpf') return expect(result.types).toBe(false);
      expect(result).toHaveProperty('types.kind', 'included');
      const problems = 'problems' in result ? result.problems : [];
      expect(
        problems.filter(
          (problem) => !('resolutionKind' in problem && notOurs.includes(problem.resolutionKind)),
        ),
      ).toEqual([]);
    });
  },
);
