import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rezolus, root, startAgent, TemporaryFolder } from '../support/rezolus.ts';
import { buildApp, chromiumPath, settle, shoot } from './support.ts';

if (!existsSync(chromiumPath)) console.warn(`demo: skipped, there is no ${chromiumPath}`);

/** Resolves with the first match of `pattern` in what the process prints. */
async function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += chunk;
    const match = pattern.exec(text);
    if (match !== null) return match[1]!;
  }
  throw new Error(`ended without ${pattern}: ${text}`);
}

describe.skipIf(!existsSync(chromiumPath))('this machine in a browser', () => {
  let browser: Browser;
  const complaints: string[] = [];

  beforeAll(async () => {
    await buildApp();
    mkdirSync(join(root, 'test-results'), { recursive: true });
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  async function open(address: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(address);
    await page.waitForSelector('[data-state="ready"]');
    return page;
  }

  it('is shown by the demo: every section draws, and a zoom narrows every chart', async () => {
    const demo = spawn(process.execPath, ['scripts/demo.ts', '--seconds', '8'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(demo, 'exit');
    try {
      const page = await open(await printed(demo, /viewing rezolus\.parquet at (http:\S+)/));
      for (const section of ['overview', 'cpu', 'scheduler', 'syscall', 'softirq', 'memory']) {
        await page.locator(`[data-section="${section}"]`).click();
        await page.waitForSelector(`[data-section="${section}"][aria-current="page"]`);
        const states = await settle(page);
        expect(Object.keys(states), section).toEqual(['ready']);
        await page.evaluate('scrollTo(0, 0)');
        await shoot(page, `demo-${section}`);
      }
      const spans = () =>
        page
          .locator('[data-plot-id][data-x-min]')
          .evaluateAll((cards) => cards.map(({ dataset }) => Number(dataset.xMax) - Number(dataset.xMin)));
      const whole = Math.max(...(await spans()));
      const box = (await page.locator('[data-plot-id][data-x-min] .u-over').first().boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 5 });
      await page.mouse.up();
      await expect.poll(() => page.url()).toContain('from=');
      // Half of it, rounded to whole samples. What is out of sight is drawn anew when it comes into it.
      const cards = await page.locator('[data-plot-id][data-x-min]').all();
      expect(cards.length).toBeGreaterThan(1);
      for (const card of cards) {
        await card.scrollIntoViewIfNeeded();
        const span = () => card.evaluate(({ dataset }) => Number(dataset.xMax) - Number(dataset.xMin));
        await expect.poll(async () => (await span()) / whole, { timeout: 10_000 }).toBeLessThan(0.75);
      }
      await page.close();
    } finally {
      demo.kill('SIGTERM');
      await ended;
    }
    expect(complaints).toEqual([]);
  });

  it('is shown live, and goes on', async () => {
    using folder = new TemporaryFolder();
    const { agent, url } = await startAgent(folder);
    await using _agent = agent;
    await using viewer = new Rezolus(['view', url]);
    const [, address] = await viewer.printed(/watching \S+ at (http:\S+)/);
    // The first two snapshots make the first rate.
    const samples = async () => {
      const answer = await fetch(`${address}api/v1/query?query=count_over_time(memory_total[10m])`);
      const { data } = (await answer.json()) as { data?: { result: { value: [number, string] }[] } };
      return Number(data?.result[0]?.value[1] ?? 0);
    };
    await expect.poll(samples, { timeout: 20_000 }).toBeGreaterThan(2);
    const page = await open(address!);
    const end = async () =>
      Number(
        await page
          .locator('[data-plot-id][data-state="ready"][data-x-max]')
          .first()
          .getAttribute('data-x-max'),
      );
    const first = await end();
    await expect.poll(end, { timeout: 20_000 }).toBeGreaterThan(first + 1500);
    await shoot(page, 'live');
    expect(complaints).toEqual([]);
  });
});
