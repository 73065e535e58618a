import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';
import { chromiumPath } from '../tests/browser/support.ts';
import { Rezolus, root } from '../tests/support/rezolus.ts';
import { dayRecording, fullDay } from './src/day-recording.ts';
import { median, quantile, type Table } from './table.ts';

/** Targets, ms; frames per second; MB. */
const target = { first: 1000, day: 2000, section: 200, zoom: 150, frames: 30, mb: 500 } as const;

/**
 * Runs in the page: when the charts in sight had all been drawn. A card is drawn when it is ready and its canvas has its
 * window; looked at every 5 ms.
 */
const watch = `
  globalThis.drawn = (changed) => new Promise((resolve, reject) => {
    const began = performance.now();
    let first = 0;
    const look = () => {
      const cards = [...document.querySelectorAll('[data-plot-id]')].filter((card) => {
        const { top, bottom } = card.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
      });
      const done = cards.filter((card) =>
        card.dataset.state === 'empty' || (card.dataset.state === 'ready' && card.dataset.xMin && card.querySelector('canvas') && changed(card)));
      const now = performance.now();
      const failed = cards.find((card) => card.dataset.state === 'error');
      if (failed) return reject(new Error(failed.textContent));
      if (now - began > 120000) return reject(new Error('not drawn within two minutes'));
      if (done.length > 0 && first === 0) first = now;
      if (cards.length > 0 && done.length === cards.length) resolve({ first: first - began, all: now - began, since: now });
      else setTimeout(look, 5);
    };
    look();
  });
`;

interface Drawn {
  readonly first: number;
  readonly all: number;
  /** Of `all`, ms since the navigation began. */
  readonly since: number;
}

/** Peak of the resident memory of a process, MB. */
function peakMb(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1000;
}

/** CPU time of a process so far, ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** CPU time of all processes of the browser so far, ms. */
async function browserCpuMs(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1000, 0);
}

interface Visit {
  readonly first: number;
  readonly all: number;
  readonly section: number;
  readonly zoom: number;
  readonly mb: number;
  readonly serverCpu: number;
  readonly browserCpu: number;
}

/** One fresh viewer and page: the first dashboard, another section, and a zoom. */
async function visit(browser: Browser, path: string, section: string): Promise<Visit> {
  await using viewer = new Rezolus(['view', path]);
  const url = (await viewer.printed(/ at (http:\S+)/))[1]!;
  const pid = viewer.child.pid!;
  const session = await browser.newBrowserCDPSession();
  const page = await newPage(browser);
  const before = { server: cpuMs(pid), browser: await browserCpuMs(session) };
  const drawing = (changed: string) => page.evaluate<Drawn>(`drawn(${changed})`);
  await page.goto(url, { waitUntil: 'commit' });
  const opened = await drawing('() => true');
  const serverCpu = cpuMs(pid) - before.server;
  const browserCpu = (await browserCpuMs(session)) - before.browser;
  const mb = peakMb(pid);
  const began = await page.evaluate<number>(
    `performance.now() - (document.querySelector('[data-section="${section}"]').click(), 0)`,
  );
  await page.waitForSelector(`[data-section="${section}"][aria-current="page"]`);
  const turned = await drawing(
    `() => document.querySelector('[data-section="${section}"]').ariaCurrent === 'page'`,
  );
  const zoomed = await page.evaluate<Drawn>(`(() => {
    const before = document.querySelector('[data-plot-id][data-x-min]').dataset.xMin;
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }));
    return drawn((card) => card.dataset.xMin !== before);
  })()`);
  await page.close();
  await session.detach();
  return {
    first: opened.since - opened.all + opened.first,
    all: opened.since,
    section: turned.since - began,
    zoom: zoomed.all,
    mb,
    serverCpu,
    browserCpu,
  };
}

async function newPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
  await page.addInitScript(watch);
  return page;
}

/** hover: frames per second, and the longest frame, while the pointer crosses a heatmap of that many CPUs. */
async function hover(browser: Browser, cpus: number): Promise<{ frames: number; slow: number; cpu: number }> {
  const path = await dayRecording({ rows: 600, cpus, others: 1, histograms: 0 });
  await using viewer = new Rezolus(['view', path]);
  const url = (await viewer.printed(/ at (http:\S+)/))[1]!;
  const page = await newPage(browser);
  await page.goto(`${url}#/cpu`);
  const card = page.locator('[data-drawn="devices"]').first();
  await card.waitFor({ timeout: 60_000 });
  await card.scrollIntoViewIfNeeded();
  await page.evaluate('drawn(() => true)');
  const box = (await card.locator('.u-over').boundingBox())!;
  const session = await browser.newBrowserCDPSession();
  const cpu = await browserCpuMs(session);
  const counting = page.evaluate<number[]>(`new Promise((resolve) => {
    const gaps = [];
    let last = performance.now();
    const end = last + 3000;
    const frame = (now) => {
      gaps.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(frame);
      else resolve(gaps.slice(1));
    };
    requestAnimationFrame(frame);
  })`);
  let moving = true;
  void counting.finally(() => {
    moving = false;
  });
  for (let i = 0; moving; i = (i + 7) % 400) {
    await page.mouse.move(box.x + (box.width * i) / 400, box.y + (box.height * ((i * 3) % 400)) / 400);
  }
  const gaps = await counting;
  const spent = (await browserCpuMs(session)) - cpu;
  await page.close();
  const seconds = gaps.reduce((sum, gap) => sum + gap, 0) / 1000;
  return { frames: gaps.length / seconds, slow: quantile(gaps, 0.95), cpu: spent / gaps.length };
}

/** browser: what one waits for in headless chromium, of a small recording and of a day of 1,000 series. */
export async function browser(quick: boolean): Promise<Table[]> {
  if (!existsSync(chromiumPath)) throw new Error(`there is no ${chromiumPath}`);
  const chrome = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  try {
    const small = join(root, '../shared/recordings/cachecannon.parquet');
    const day = await dayRecording(quick ? { ...fullDay, rows: 7200 } : fullDay);
    const rounds = quick ? 2 : 5;
    const rows: string[][] = [];
    for (const [name, path, most, section] of [
      ['cachecannon.parquet', small, target.first, 'scheduler'],
      [quick ? '2 h of 1,000 series' : '24 h of 1,000 series', day, target.day, 'cpu'],
    ] as const) {
      if (!existsSync(path)) continue;
      const visits: Visit[] = [];
      for (let round = 0; round < rounds; round++) visits.push(await visit(chrome, path, section));
      const of = (pick: (one: Visit) => number) => median(visits.map(pick));
      const ms = (value: number, limit: number) => `${value.toFixed(0)} ms (${(value / limit).toFixed(2)})`;
      rows.push([
        name,
        ms(
          of(({ first }) => first),
          most,
        ),
        ms(
          of(({ all }) => all),
          most,
        ),
        ms(
          of((one) => one.section),
          target.section,
        ),
        ms(
          of(({ zoom }) => zoom),
          target.zoom,
        ),
        `${of(({ serverCpu }) => serverCpu).toFixed(0)} ms`,
        `${of(({ browserCpu }) => browserCpu).toFixed(0)} ms`,
        `${of(({ mb }) => mb).toFixed(0)} MB (${(of(({ mb }) => mb) / target.mb).toFixed(2)})`,
      ]);
    }
    const heatmap = await hover(chrome, 1000);
    return [
      {
        title: 'Waiting in the browser',
        note: `Headless chromium, 1440 × 900, a fresh \`rezolus view\` and page each; median of ${rounds}. From the navigation to the first chart, and to every chart in sight; from a click on another section, and from a zoom by key, until every chart in sight shows it (finer data follow once the window has rested for 150 ms). CPU time and the peak of memory are those of the first dashboard. In parentheses: the part of the target that was needed (below 1 is within).`,
        columns: [
          'recording',
          'first chart',
          'first dashboard',
          'section',
          'zoom',
          'server CPU',
          'browser CPU',
          'server memory',
        ],
        rows,
      },
      {
        title: 'Heatmap of 1,000 CPUs under the pointer',
        note: `3 s of moves over the card; the target is ${target.frames} frames per second.`,
        columns: ['frames per second', '95 % of frames within', 'browser CPU per frame'],
        rows: [
          [
            `${heatmap.frames.toFixed(0)} (${(heatmap.frames / target.frames).toFixed(1)} × the target)`,
            `${heatmap.slow.toFixed(0)} ms`,
            `${heatmap.cpu.toFixed(1)} ms`,
          ],
        ],
      },
    ];
  } finally {
    await chrome.close();
  }
}
