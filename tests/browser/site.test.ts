import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/rezolus.ts';
import { chromiumPath, drop, openViewer, settle, shoot } from './support.ts';

const recordings = ['rezolus-180s', 'demo'].map((name) => join(root, `../shared/recordings/${name}.parquet`));
const missing = [chromiumPath, ...recordings].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`site: skipped, there is no ${missing.join(' and no ')}`);

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

describe.skipIf(missing.length > 0)('the viewer as files on a static host', () => {
  let browser: Browser;
  let server: Server;
  let address = '';
  const asked: string[] = [];

  beforeAll(async () => {
    execFileSync('npm', ['run', 'build:site'], { cwd: root, stdio: 'ignore' });
    mkdirSync(join(root, 'test-results'), { recursive: true });
    const folder = join(root, 'packages/viewer/dist/site');
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const path = request.url === '/below/' ? 'index.html' : request.url!.replace('/below/', '');
      if (!/^[\w./-]+$/.test(path) || path.includes('..') || !existsSync(join(folder, path))) {
        response.writeHead(404).end();
        return;
      }
      response
        .writeHead(200, { 'content-type': types[extname(path)]! })
        .end(readFileSync(join(folder, path)));
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/below/`;
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it('shows recordings that are dropped, alone and compared, and sends nothing anywhere', async () => {
    const complaints: string[] = [];
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark' });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(address);
    await page.getByTestId('landing').getByText('never leave your browser').waitFor();
    await drop(page, 'text.parquet', Buffer.from('no recording'));
    await page.getByRole('alert').getByText('is no Parquet file').waitFor();
    await drop(page, 'mine.parquet', readFileSync(recordings[0]!));
    await page.waitForSelector('[data-state="ready"]');
    for (const section of ['overview', 'scheduler']) {
      await page.goto(`${address}#/${section}`);
      await page.waitForSelector(`[data-section="${section}"][aria-current="page"]`);
      expect(Object.keys(await settle(page)), section).toEqual(['ready']);
      await page.evaluate('scrollTo(0, 0)');
      await shoot(page, `site-${section}`);
    }
    // The same engine gives the same values as the server does.
    const viewer = await openViewer(recordings[0]!);
    const served = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await served.goto(`${viewer.address}#/scheduler`);
    await settle(served);
    const values = (of: typeof page) =>
      of.locator('[data-plot-id] .readout, [data-plot-id] .value').allTextContents();
    expect(await values(page)).toEqual(await values(served));
    await served.close();
    await viewer.close();
    await drop(page, 'other.parquet', readFileSync(recordings[1]!));
    await page.getByText('other').first().waitFor();
    await page.keyboard.press('Escape');
    await page.goto(`${address}#/compare`);
    await page.getByTestId('shifts').waitFor();
    expect(await page.locator('[data-testid="shifts"] tbody tr').count()).toBeGreaterThan(50);
    await shoot(page, 'site-compare');
    expect(asked.filter((one) => !/^GET \/below\/(assets\/[\w.-]+)?$/.test(one))).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
