import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root, TemporaryFolder } from '../support/rezolus.ts';
import { slowDisk, writeSlowDisk } from '../support/slow-disk.ts';
import { buildApp, chromiumPath, openViewer, shoot } from './support.ts';

if (!existsSync(chromiumPath)) console.warn(`pages: skipped, there is no ${chromiumPath}`);

describe.skipIf(!existsSync(chromiumPath))('a recording of a slow disk', () => {
  const folder = new TemporaryFolder();
  let browser: Browser;
  let viewer: Awaited<ReturnType<typeof openViewer>>;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    await buildApp();
    mkdirSync(join(root, 'test-results'), { recursive: true });
    const path = join(folder.path, 'slow-disk.parquet');
    await writeSlowDisk(path);
    viewer = await openViewer(path);
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark' });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await viewer?.close();
    folder[Symbol.dispose]();
  });

  const latency = '[data-plot-id="overview-blockio-disk-latency"]';

  test('the Overview alone shows which disk, and when', async () => {
    await page.goto(viewer.address);
    await page.waitForSelector(`${latency}[data-state="ready"] canvas`);
    await page.keyboard.press('i');
    const rows = page.locator(`${latency} tbody tr`);
    await expect.poll(() => rows.count()).toBe(3);
    // The largest comes first; its mean stands far above the others, and its median does not.
    const told = await rows.allTextContents();
    expect(told[0]).toContain(slowDisk.disk);
    expect(told[0]).toMatch(/ms/);
    expect(told.slice(1).join()).not.toMatch(/ms/);
    await shoot(page, 'slow-disk');
    // In the minutes around it all are alike.
    const box = (await page.locator(`${latency} .u-over`).boundingBox())!;
    await page.mouse.move(box.x + 2, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.35, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await rows.allTextContents()).join()).not.toMatch(/ms/);
    await page.keyboard.press('Escape');
    expect(complaints).toEqual([]);
  });

  test('a disk that is picked is looked at alone, and stays so in a link', async () => {
    const mean = '[data-plot-id="blockio-disk-latency-mean"]';
    await page.goto(`${viewer.address}#/blockio`);
    await page.waitForSelector(`${mean}[data-drawn="lines"]`);
    await page.getByTestId('picker').locator('summary').click();
    await page.getByTestId('picker').getByLabel('Search Disks').fill('db');
    await page.getByRole('checkbox', { name: slowDisk.disk }).check();
    await page.waitForSelector(`${mean}[data-drawn="line"]`);
    expect(page.url()).toContain(`only=device%3A${slowDisk.disk}`);
    await shoot(page, 'picker');
    await page.reload();
    await page.waitForSelector(`${mean}[data-drawn="line"]`);
    await page.getByTestId('picker').getByRole('button', { name: 'All' }).click();
    await page.waitForSelector(`${mean}[data-drawn="lines"]`);
    expect(complaints).toEqual([]);
  });

  test('a click keeps the crosshair, Esc lets it go', async () => {
    await page.goto(`${viewer.address}#/overview`);
    await page.waitForSelector(`${latency}[data-state="ready"] canvas`);
    const box = (await page.locator(`${latency} .u-over`).boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 60, { steps: 3 });
    const time = () => page.getByTestId('tooltip').first().locator('.time').textContent();
    await expect.poll(() => page.getByTestId('tooltip').count()).toBe(1);
    await page.mouse.click(box.x + box.width / 2, box.y + 60);
    const held = await time();
    await page.mouse.move(box.x + box.width / 4, box.y + 60, { steps: 3 });
    expect(await time()).toBe(held);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByTestId('tooltip').count()).toBe(0);
  });

  test('the metrics browser finds by label and plots with one click', async () => {
    await page.keyboard.press('m');
    await page.getByLabel('Search metrics and labels').fill(`latency ${slowDisk.disk}`);
    const metrics = page.locator('[data-testid="metrics"] li');
    await expect.poll(() => metrics.count()).toBe(1);
    await metrics.getByRole('link', { name: 'by device' }).click();
    await page.waitForSelector('[data-plot-id="metric-blockio_device_latency"][data-drawn="lines"] canvas');
    expect(page.url()).toContain('plot=');
    await shoot(page, 'metrics');
    expect(complaints).toEqual([]);
  });

  test('the query editor completes names and marks mistakes under the page policy', async () => {
    await page.goto(`${viewer.address}#/query`);
    await page.waitForSelector('[data-editor="rich"]');
    const field = page.getByLabel('PromQL query');
    await field.click();
    await page.keyboard.type('blockio_device_l');
    await page.locator('.cm-tooltip-autocomplete').getByText('blockio_device_latency').waitFor();
    await shoot(page, 'query-completion');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    await page.keyboard.type('sum(');
    await page.waitForSelector('.cm-lintRange-error');
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    await page.keyboard.type('sum by (device) (irate(blockio_device_operations[5m]))');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('[data-plot-id="query"][data-state="ready"] canvas');
    expect(await page.getByLabel('History').locator('option').count()).toBeGreaterThan(1);
    expect(complaints).toEqual([]);
  });

  test('a pinned chart is in the notebook, in its link and in its report', async () => {
    await page.goto(`${viewer.address}#/overview`);
    await page.waitForSelector(`${latency}[data-state="ready"] canvas`);
    await page.locator(latency).hover();
    await page
      .locator(latency)
      .getByRole('button', { name: /, more$/ })
      .click();
    await page.getByRole('button', { name: 'Pin to the notebook' }).click();
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    await page.waitForSelector('[data-entry="0"] canvas');
    await page.getByRole('button', { name: 'Add a note' }).click();
    await page.getByLabel(/^Note on/).fill('**sdb** is slow <img src=x onerror=alert(1)>');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.locator('[data-entry="0"] strong').getByText('sdb').waitFor();
    expect(await page.locator('main img').count()).toBe(0);
    await shoot(page, 'notebook');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save report (HTML)' }).click(),
    ]);
    const report = readFileSync(await download.path(), 'utf8');
    expect(report).toMatch(/<img src="data:image\/png;base64,[\w+/=]{1000,}"/);
    expect(report).toContain('<strong>sdb</strong>');
    expect(report).not.toMatch(/<script|<img src=x/);
    expect(complaints).toEqual([]);
  });
});
