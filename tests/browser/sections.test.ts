import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/rezolus.ts';
import { buildApp, chromiumPath, openViewer, settle, shoot } from './support.ts';

const recording = join(root, '../shared/recordings/demo.parquet');
const missing = [chromiumPath, recording].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`sections: skipped, there is no ${missing.join(' and no ')}`);

/** In the page: pairs of things that cover each other, and what reaches beyond its card. */
const findOverlaps = `(() => {
  const faults = [];
  const boxes = (elements) => [...elements].map((e) => [e, e.getBoundingClientRect()]).filter(([, b]) => b.width > 0 && b.height > 0);
  const covers = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const compare = (what, all) => all.forEach(([e, a], i) => all.slice(i + 1).forEach(([f, b]) => {
    if (covers(a, b)) faults.push(what + ': ' + e.textContent.slice(0, 40) + ' / ' + f.textContent.slice(0, 40));
  }));
  compare('cards', boxes(document.querySelectorAll('[data-plot-id]')));
  compare('bar', boxes(document.querySelectorAll('.main > header .row > *')));
  for (const card of document.querySelectorAll('[data-plot-id]')) {
    const [, outer] = boxes([card])[0];
    const head = boxes(card.querySelectorAll('header > h4, header > nav, header > .readout'));
    compare('head of ' + card.dataset.plotId, head);
    for (const [e, b] of head) if (b.right > outer.right + 1) faults.push('beyond ' + card.dataset.plotId + ': ' + e.textContent.slice(0, 40));
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page scrolls sideways');
  return faults;
})()`;

describe.skipIf(missing.length > 0)('sections on screens', () => {
  let browser: Browser;
  let viewer: Awaited<ReturnType<typeof openViewer>>;

  beforeAll(async () => {
    await buildApp();
    mkdirSync(join(root, 'test-results'), { recursive: true });
    viewer = await openViewer(recording);
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await viewer?.close();
  });

  for (const [width, colorScheme] of [
    [1280, 'light'],
    [390, 'dark'],
  ] as const) {
    test(`nothing covers anything at ${width} px, ${colorScheme}`, async () => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      for (const place of ['overview', 'scheduler', 'network', 'cgroups', 'overview?stats=1', 'gpu']) {
        await page.goto(`${viewer.address}#/${place}`);
        await page.waitForSelector('main h1');
        expect(Object.keys(await settle(page)).filter((state) => state !== 'ready')).toEqual([]);
        expect([place, await page.evaluate(findOverlaps)]).toEqual([place, []]);
        await page.evaluate('scrollTo(0, 0)');
        // What comes back into sight is drawn anew.
        const first = page.locator('[data-plot-id]').first();
        if ((await first.count()) > 0) await first.locator('canvas').waitFor();
        await shoot(page, `${place.replace(/\W/g, '-')}-${width}-${colorScheme}`);
      }
      await page.close();
    });
  }
});
