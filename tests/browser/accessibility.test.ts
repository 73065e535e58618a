import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/rezolus.ts';
import { buildApp, chromiumPath, openViewer } from './support.ts';

const recording = join(root, '../shared/recordings/demo.parquet');
const missing = [chromiumPath, recording].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`accessibility: skipped, there is no ${missing.join(' and no ')}`);

/** Pages, and what is there once they are drawn. */
const places = {
  overview: '[data-state="ready"]',
  'overview?stats=1&scale=log': '[data-testid="statistics"]',
  'scheduler?view=buckets': '[data-drawn="buckets"]',
  gpu: '[data-testid="no-data"]',
  'metrics?plot=cpu_usage by state': '[data-state="ready"]',
  'query?q=sum by (state) (irate(cpu_usage[5m]))': '[data-state="ready"] canvas',
  notebook: 'main h1',
  system: 'main h1',
  metadata: 'main h1',
  about: 'main h1',
} as const;

describe.skipIf(missing.length > 0)('accessibility', () => {
  let browser: Browser;
  let viewer: Awaited<ReturnType<typeof openViewer>>;
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

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

  /** The serious and critical faults that axe finds on `page`. */
  async function faults(page: Page): Promise<string[]> {
    await page.evaluate(axe);
    const { violations } = await page.evaluate<AxeResults>(
      'axe.run(document, { resultTypes: ["violations"] })',
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.slice(0, 3).map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any[0]?.message ?? ''}`),
      );
  }

  for (const colorScheme of ['dark', 'light'] as const) {
    test(`axe finds no serious fault on any page, ${colorScheme}`, async () => {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme });
      const found: Record<string, string[]> = {};
      for (const [place, drawn] of Object.entries(places)) {
        await page.goto(`${viewer.address}#/${encodeURI(place)}`);
        await page.waitForSelector(drawn);
        const there = await faults(page);
        if (there.length > 0) found[place] = there;
      }
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      const there = await faults(page);
      if (there.length > 0) found.help = there;
      await page.close();
      expect(found).toEqual({});
    });
  }
});
