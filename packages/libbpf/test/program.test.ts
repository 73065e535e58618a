import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('gives back what only the start of the program needed, and the program runs on', () => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { releaseProgram } from '${new URL('../src/program.ts', import.meta.url)}';
    const rss = () => Number(/^Rss: +(\\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))[1]);
    const before = rss();
    releaseProgram();
    const after = rss();
    const { createHash } = await import('node:crypto');
    const { gzipSync } = await import('node:zlib');
    console.log(JSON.stringify([before - after, createHash('sha256').update('x').digest('hex'), gzipSync('x').length]));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const [gained, digest, length] = JSON.parse(output);
  expect(gained).toBeGreaterThan(8000);
  expect([digest, length]).toEqual(['2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881', 21]);
});
