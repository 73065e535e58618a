import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/rezolus.ts';
import { buildApp, chromiumPath, openViewer, settle, shoot } from './support.ts';

const recordings = ['AB_base', 'AB_level', 'rezolus-180s'].map((name) =>
  join(root, `../shared/recordings/${name}.parquet`),
);
const missing = [chromiumPath, ...recordings].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`compare: skipped, there is no ${missing.join(' and no ')}`);

describe.skipIf(missing.length > 0)('three captures in a browser', () => {
  let browser: Browser;
  let viewer: Awaited<ReturnType<typeof openViewer>>;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    await buildApp();
    mkdirSync(join(root, 'test-results'), { recursive: true });
    viewer = await openViewer(...recordings);
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
    page = await open(viewer.address);
  });
  afterAll(async () => {
    await browser?.close();
    await viewer?.close();
  });

  async function open(address: string, width = 1280): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: 'dark' });
    opened.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(error.message));
    await opened.goto(address);
    return opened;
  }

  /** The pixels of the first chart of a card, to tell whether it was drawn differently. */
  const picture = (of: Page, plot: string) =>
    of
      .locator(`[data-plot-id="${plot}"] canvas`)
      .first()
      .screenshot()
      .then((png) => png.toString('base64'));

  it('the table of the largest shifts is the way in, and leads to a chart', async () => {
    await page.getByTestId('shifts').waitFor();
    expect(page.url()).toContain('#/compare');
    await shoot(page, 'compare-table');
    const names = () => page.locator('[data-testid="shifts"] tbody a').allTextContents();
    const all = await names();
    expect(all.length).toBeGreaterThan(100);
    // AB_level spins less on locks: that its rate fell is among the first things that one sees.
    expect(all.slice(0, 15).join()).toContain('Lock');
    await page.getByLabel('Filter metrics').fill('busy overview');
    const rows = page.locator('[data-testid="shifts"] tbody tr');
    await expect.poll(() => rows.count()).toBe(1);
    expect(await rows.first().textContent()).toMatch(/88\.\d %.*55\.\d %/s);
    await page.locator('[data-testid="shifts"] a').first().click();
    await page.waitForSelector('[data-plot-id][data-drawn="overlay"][data-state="ready"]');
    expect(await page.locator('[data-plot-id] ul button').count()).toBe(3);
    await shoot(page, 'compare-overlay');
    expect(complaints).toEqual([]);
  });

  it('every section draws, over each other and side by side, and as differences', async () => {
    for (const section of ['overview', 'cpu', 'scheduler']) {
      await page.goto(`${viewer.address}#/${section}`);
      await page.waitForSelector(`[data-section="${section}"][aria-current="page"]`);
      expect(Object.keys(await settle(page)), section).toEqual(['ready']);
    }
    const drawn = await page
      .locator('[data-plot-id]')
      .evaluateAll((cards) => cards.map(({ dataset }) => dataset.drawn));
    expect(new Set(drawn)).toEqual(new Set(['overlay', 'devices']));
    await page.keyboard.press('d');
    await expect.poll(() => page.url()).toContain('diff=1');
    expect(Object.keys(await settle(page))).toEqual(['ready']);
    expect(await page.locator('[data-drawn="overlay"]').count()).toBe(0);
    await page.evaluate('scrollTo(0, 0)');
    await shoot(page, 'compare-difference');
    await page.keyboard.press('h');
    await settle(page);
    await page.waitForSelector('[data-plot-id] h5');
    await page.evaluate('scrollTo(0, 0)');
    await shoot(page, 'compare-buckets');
    await page.keyboard.press('d');
    await page.waitForSelector('[data-drawn="buckets"]');
    await page.keyboard.press('h');
    expect(complaints).toEqual([]);
  });

  it('an offset is dragged and set by keys, and moves the chart', async () => {
    await page.goto(`${viewer.address}#/overview`);
    await settle(page);
    const busy = 'overview-cpu-busy-pct';
    const plot =
      (await page.locator(`[data-plot-id="${busy}"]`).count()) > 0
        ? busy
        : await page.locator('[data-plot-id]').first().getAttribute('data-plot-id');
    await page.locator(`[data-plot-id="${plot}"]`).scrollIntoViewIfNeeded();
    const before = await picture(page, plot!);
    const lane = page.getByRole('slider', { name: 'Offset of rezolus-180s' });
    const box = (await lane.boundingBox())!;
    await page.mouse.move(box.x + 40, box.y + 5);
    await page.mouse.down();
    await page.mouse.move(box.x + 240, box.y + 5, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => page.url()).toMatch(/c=1%2C2%2C3%40\d{4,6}/);
    await expect.poll(() => picture(page, plot!)).not.toBe(before);
    await lane.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.url()).toContain('c=1%2C2%2C3%401000');
    await lane.dblclick();
    await expect.poll(() => page.url()).toMatch(/c=1%2C2%2C3(&|$)/);
    expect(complaints).toEqual([]);
  });

  it('a link shows what its sender saw: captures, base, offset, difference and series', async () => {
    const link = `${viewer.address}#/scheduler?plot=scheduler-runqueue-latency&c=2%2C1%40-5000&diff=1`;
    await page.goto(link);
    await page.waitForSelector('[data-drawn="difference"][data-state="ready"]');
    const select = page.getByRole('combobox', { name: /, series$/ });
    await select.selectOption('p50');
    await expect.poll(() => page.url()).toContain('pick=');
    const other = await open(page.url());
    await other.waitForSelector('[data-drawn="difference"][data-state="ready"]');
    expect(await other.getByRole('combobox', { name: /, series$/ }).inputValue()).toBe('p50');
    expect(await other.locator('[data-plot-id] ul').textContent()).toContain('AB_base − AB_level');
    expect(await other.getByRole('slider', { name: 'Offset of AB_base' }).getAttribute('aria-valuenow')).toBe(
      '-5000',
    );
    const shown = async (on: Page) => {
      const card = on.locator('[data-plot-id="scheduler-runqueue-latency"]');
      return [
        await card.locator('ul').textContent(),
        await card.getAttribute('data-x-min'),
        await card.getAttribute('data-x-max'),
      ];
    };
    await expect.poll(async () => JSON.stringify(await shown(other))).toBe(JSON.stringify(await shown(page)));
    await other.close();
    expect(complaints).toEqual([]);
  });

  it('a comparison that nobody waits for any more is given up', async () => {
    const [a, b] = [new AbortController(), fetch(`${viewer.address}api/rezolus/v1/captures`)];
    const { captures } = (await (await b).json()) as { captures: { startMs: number; endMs: number }[] };
    const { startMs, endMs } = captures[0]!;
    const address = `${viewer.address}api/rezolus/v1/shifts?base=1&other=2&start=${startMs}&end=${endMs}`;
    const gone = fetch(address, { signal: a.signal }).catch((error: Error) => error.name);
    a.abort();
    expect(await gone).toBe('AbortError');
    const next = await fetch(address);
    expect(((await next.json()) as unknown[]).length).toBeGreaterThan(100);
  });

  it('a phone shows the table and the charts without scrolling sideways', async () => {
    const phone = await open(viewer.address, 390);
    await phone.getByTestId('shifts').waitFor();
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await shoot(phone, 'compare-phone');
    await phone.goto(`${viewer.address}#/overview`);
    await phone.waitForSelector('[data-state="ready"]');
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await shoot(phone, 'compare-phone-overview');
    await phone.close();
    expect(complaints).toEqual([]);
  });
});
