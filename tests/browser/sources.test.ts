import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startViewer, workerSource } from '@rezolus/viewer';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { exporterOf } from '../../packages/exporter/test/exporters.ts';
import { scrapeConfig, serversMissing, TimeSeriesServer } from '../../packages/exporter/test/servers.ts';
import { root, startAgent, TemporaryFolder } from '../support/rezolus.ts';
import { buildApp, chromiumPath, drop, openViewer, shoot } from './support.ts';

const recording = join(root, '../shared/recordings/rezolus-180s.parquet');
const missing = [chromiumPath, recording].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`sources: skipped, there is no ${missing.join(' and no ')}`);

describe.skipIf(missing.length > 0)('sources in a browser', () => {
  let browser: Browser;
  const complaints: string[] = [];

  beforeAll(async () => {
    await buildApp();
    mkdirSync(join(root, 'test-results'), { recursive: true });
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  async function open(address: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark' });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(address);
    onTestFinished(() => page.close());
    return page;
  }

  it('a viewer of nothing takes a recording that is dropped, then a second one, and lets one go', async () => {
    const viewer = await openViewer();
    onTestFinished(() => viewer.close());
    const page = await open(viewer.address);
    await page.getByTestId('landing').waitFor();
    await shoot(page, 'landing');
    await drop(page, 'mine.parquet', readFileSync(recording));
    await page.waitForSelector('[data-state="ready"]');
    expect(complaints).toEqual([]);
    await drop(page, 'broken.parquet', Buffer.from('PAR1 but not really PAR1'));
    await page.getByRole('alert').getByText('broken.parquet could not be loaded').waitFor();
    // The browser itself reports the refused request.
    complaints.length = 0;
    await drop(page, 'mine.parquet', readFileSync(recording));
    await page.getByText('mine 2').first().waitFor();
    await shoot(page, 'captures');
    await page.getByRole('button', { name: 'Remove mine 2' }).click();
    await page.getByText('mine 2').first().waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  it.skipIf(serversMissing)(
    'a real Prometheus shows the same dashboards, of all machines or of one',
    async () => {
      using folder = new TemporaryFolder();
      const { agent, url } = await startAgent(folder);
      await using _agent = agent;
      // Two exporters of one agent are two machines to Prometheus.
      await using first = await exporterOf(url, '', '1s');
      await using second = await exporterOf(url, '', '1s');
      const hosts = [first, second].map(({ address }) => new URL(address).host);
      const config = scrapeConfig([first.address, second.address]);
      await using prometheus = await TimeSeriesServer.prometheus(config, [
        '--enable-feature=native-histograms',
      ]);
      const samples = async () =>
        (await prometheus.query('min(count_over_time(syscall_total[5m]))'))[0]?.value ?? 0;
      await expect.poll(samples, { timeout: 60_000 }).toBeGreaterThan(15);
      const source = await workerSource({ kind: 'prometheus', url: prometheus.url });
      const viewer = await startViewer({ sources: [{ source }], listen: { host: '127.0.0.1', port: 0 } });
      onTestFinished(() => viewer.close());

      // The viewer's answers are those of Prometheus to the queries that one would write by hand.
      const at = Math.floor(Date.now() / 1000) - 3;
      const ask = async (query: string) => {
        const answer = await fetch(
          `${viewer.address}api/v1/query?${new URLSearchParams({ query, time: String(at) })}`,
        );
        const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
        return data.result.map(({ value }) => Number(value[1]));
      };
      const [node] = hosts;
      const range = `${4 * source.source.intervalMs}ms`;
      for (const [ours, theirs] of [
        ['sum(irate(syscall[5m]))', `sum(rate(syscall_total[${range}]))`],
        [`memory_total{instance="${node}"}`, `memory_total_bytes{instance="${node}"}`],
        [
          `histogram_quantiles([0.9], scheduler_runqueue_latency{instance="${node}"})`,
          `histogram_quantile(0.9, sum(rate(scheduler_runqueue_latency{instance="${node}"}[${range}])))`,
        ],
      ] as const) {
        const expected = (await prometheus.query(theirs, at)).map(({ value }) => value);
        expect([ours, await ask(ours)]).toEqual([ours, expected]);
        expect(expected).toHaveLength(1);
      }

      const page = await open(`${viewer.address}#/overview?last=30s`);
      // The page moves on as it is looked at: what is in sight draws, and nothing is an error.
      const ready = page.locator('[data-plot-id][data-state="ready"]');
      await expect.poll(() => ready.count(), { timeout: 30_000 }).toBeGreaterThan(3);
      await shoot(page, 'prometheus');
      await page.getByLabel('Machine').selectOption(node!);
      await expect.poll(() => page.url()).toContain(`node=${encodeURIComponent(node!)}`);
      await expect.poll(() => ready.count(), { timeout: 30_000 }).toBeGreaterThan(3);
      expect(await page.locator('[data-state="error"]').count()).toBe(0);
      expect(complaints).toEqual([]);
    },
  );
});
