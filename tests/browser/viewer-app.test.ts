import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMock } from '../../packages/viewer/test/app/mock-server.ts';
import { root } from '../support/rezolus.ts';
import { buildApp, chromiumPath, openViewer, settle, shoot } from './support.ts';

const recording = join(root, '../shared/recordings/demo.parquet');
const missing = [chromiumPath, recording].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`viewer-app: skipped, there is no ${missing.join(' and no ')}`);

describe.skipIf(missing.length > 0)('the app on a recording', () => {
  let browser: Browser;
  let viewer: Awaited<ReturnType<typeof openViewer>>;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    await buildApp();
    mkdirSync(join(root, 'test-results'), { recursive: true });
    viewer = await openViewer(recording);
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
    page = await newPage();
  });

  afterAll(async () => {
    await browser?.close();
    await viewer?.close();
  });

  async function newPage(options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
    const opened = await browser.newPage({
      viewport: { width: 1440, height: 900 },
      colorScheme: 'dark',
      ...options,
    });
    opened.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(error.message));
    return opened;
  }

  const windows = () =>
    page
      .locator('[data-plot-id][data-x-min]')
      .evaluateAll((cards) =>
        cards.map(({ dataset }) => [Number(dataset.xMin), Number(dataset.xMax)] as const),
      );

  test('every section draws its charts without a complaint', async () => {
    await page.goto(viewer.address);
    await page.waitForSelector('[data-state="ready"]');
    const sections = await page
      .locator('[data-section]')
      .evaluateAll((links) => links.map((link) => link.getAttribute('data-section') ?? ''));
    expect(sections).toContain('overview');
    expect(sections.length).toBeGreaterThan(5);
    for (const section of sections) {
      await page.locator(`[data-section="${section}"]`).click();
      await page.waitForSelector(`[data-section="${section}"][aria-current="page"]`);
      const states = await settle(page);
      expect(
        Object.keys(states).filter((state) => state !== 'ready'),
        section,
      ).toEqual([]);
      await page.evaluate('scrollTo(0, 0)');
      if ('ready' in states) await page.waitForSelector('[data-plot-id] .uplot');
      await shoot(page, `section-${section}`);
    }
    expect(complaints).toEqual([]);
  });

  test('dragging on one chart narrows every chart', async () => {
    await page.goto(`${viewer.address}#/overview`);
    await page.waitForSelector('[data-state="ready"][data-x-min]');
    const before = (await windows())[0]!;
    const chart = page.locator('[data-plot-id][data-x-min] .u-over').first();
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => page.url()).toContain('from=');
    const after = await windows();
    const span = before[1] - before[0];
    expect(after.length).toBeGreaterThan(1);
    for (const [min, max] of after) {
      expect(min).toBeCloseTo(before[0] + span * 0.3, -4);
      expect((max - min) / span).toBeCloseTo(0.3, 1);
    }
    await shoot(page, 'zoomed');
  });

  test('a link shows what its sender saw', async () => {
    const [sent] = await windows();
    const other = await newPage({ colorScheme: 'light' });
    await other.goto(page.url());
    await other.waitForSelector('[data-state="ready"][data-x-min]');
    const card = other.locator('[data-plot-id][data-x-min]').first();
    expect(Number(await card.getAttribute('data-x-min'))).toBeCloseTo(sent![0], -1);
    expect(Number(await card.getAttribute('data-x-max'))).toBeCloseTo(sent![1], -1);
    expect(await other.locator('html').getAttribute('data-theme')).toBe('light');
    await shoot(other, 'light');
    await other.close();
  });

  test('Esc and a double click show everything again', async () => {
    await page.keyboard.press('Escape');
    await expect.poll(() => page.url()).not.toContain('from=');
    await page.keyboard.press('+');
    await expect.poll(() => page.url()).toContain('from=');
    await page.locator('[data-plot-id][data-x-min] .u-over').first().dblclick();
    await expect.poll(() => page.url()).not.toContain('from=');
  });

  test('the crosshair and its values are on every chart', async () => {
    const box = (await page.locator('[data-plot-id][data-x-min] .u-over').first().boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 3 });
    await page.waitForSelector('[data-testid="tooltip"]');
    const marks = await page
      .locator('.u-cursor-x')
      .evaluateAll((lines) =>
        lines.map((line) => Number(/translate\((-?[\d.]+)/.exec(line.style.transform)?.[1])),
      );
    expect(marks.length).toBeGreaterThan(1);
    for (const mark of marks) expect(mark).toBeGreaterThan(10);
  });

  test('histograms become heatmaps and back', async () => {
    await page.goto(`${viewer.address}#/scheduler`);
    await page.waitForSelector('[data-drawn="percentiles"]');
    await page.keyboard.press('h');
    await page.waitForSelector('[data-drawn="buckets"]');
    await shoot(page, 'buckets');
    await page.keyboard.press('h');
    await page.waitForSelector('[data-drawn="percentiles"]');
  });

  test('a legend entry isolates its line, and gives the others back', async () => {
    const entry = page.locator('[data-drawn="percentiles"] ul button').first();
    await entry.click();
    expect(await entry.getAttribute('aria-pressed')).toBe('true');
    await entry.click();
    expect(await entry.getAttribute('aria-pressed')).toBe('false');
  });

  test('system information, metadata, about and help have their pages', async () => {
    for (const id of ['system', 'metadata', 'about']) {
      await page.goto(`${viewer.address}#/${id}`);
      await page.waitForSelector(`[data-page="${id}"][aria-current="page"]`);
      await shoot(page, id);
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('a query is drawn, and a wrong one names its place', async () => {
    await page.goto(`${viewer.address}#/query`);
    await page.getByLabel('PromQL query').fill('sum by (state) (irate(cpu_usage[5m])) / 1e9');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('[data-plot-id="query"][data-state="ready"] canvas');
    await shoot(page, 'query');
    expect(complaints).toEqual([]);
    await page.getByLabel('PromQL query').fill('sum(rate(cpu_usage[5m])');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('[data-plot-id="query"][data-state="error"] button');
    // The browser itself reports the refused request.
    complaints.length = 0;
  });

  test('a phone shows one column without scrolling sideways', async () => {
    const phone = await newPage({ viewport: { width: 390, height: 844 }, hasTouch: true });
    await phone.goto(viewer.address);
    await phone.waitForSelector('[data-state="ready"]');
    const width = await phone.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(390);
    await phone.getByRole('button', { name: 'Sections' }).click();
    await phone.locator('[data-section="scheduler"]').click();
    await phone.waitForSelector('[data-section="scheduler"][aria-current="page"]', { state: 'attached' });
    await phone.waitForSelector('[data-state="ready"]');
    await shoot(phone, 'phone');
    await phone.close();
    expect(complaints).toEqual([]);
  });

  test('labels of a hostile machine stay text', async () => {
    const hostile = '<img src=x onerror="document.title=1">';
    await using mock = await startMock({ hostile });
    const victim = await newPage();
    await victim.goto(`${mock.address}#/query?q=sum%20by%20(state)%20(x)`);
    await victim.waitForSelector('[data-state="ready"] canvas');
    const box = (await victim.locator('.u-over').boundingBox())!;
    await victim.mouse.move(box.x + 200, box.y + 60, { steps: 3 });
    await victim.getByTestId('tooltip').getByText(hostile).waitFor();
    expect(await victim.locator('img').count()).toBe(0);
    expect(await victim.title()).not.toBe('1');
    await victim.close();
    expect(complaints).toEqual([]);
  });
});
