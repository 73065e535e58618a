import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openCaptures, startViewer, type Viewer } from '@rezolus/viewer';
import type { Page } from 'playwright-core';
import { root } from '../support/rezolus.ts';

/** chromiumPath: the browser of these tests. */
export const chromiumPath = process.env.REZOLUS_CHROMIUM ?? '/usr/bin/chromium';

/** buildApp: builds the viewer's app unless it is there. */
export async function buildApp(): Promise<void> {
  if (existsSync(join(root, 'packages/viewer/dist/app/index.html'))) return;
  execFileSync('npm', ['run', 'build', '--workspace', '@rezolus/viewer'], { cwd: root, stdio: 'inherit' });
}

/** openViewer: a viewer of the captures at `paths` on a free port of the loopback. */
export async function openViewer(...paths: string[]): Promise<Viewer> {
  return startViewer({
    sources: (await Promise.all(paths.map((path) => openCaptures(path)))).flat(),
    listen: { host: '127.0.0.1', port: 0 },
  });
}

/** shoot saves what `page` shows to `test-results/`. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(root, 'test-results', `viewer-${name}.png`) });
}

/**
 * settle: scrolls through the page until every card that stays on it is ready or has an error; returns how many cards are
 * in which state.
 */
export async function settle(page: Page): Promise<Record<string, number>> {
  await page.waitForSelector('[data-plot-id], .notice');
  const loading = page.locator('[data-plot-id][data-state="loading"]');
  const deadline = performance.now() + 60_000;
  while ((await loading.count()) > 0) {
    if (performance.now() > deadline)
      throw new Error(`still loading: ${await loading.first().getAttribute('data-plot-id')}`);
    const card = loading.first();
    const id = await card.getAttribute('data-plot-id', { timeout: 1000 }).catch(() => null);
    await card.scrollIntoViewIfNeeded({ timeout: 1000 }).catch(() => undefined);
    // Cards above it may still change their height and push it out of sight: look again after a while.
    await page
      .waitForSelector(`[data-plot-id="${id}"][data-state="loading"]`, { state: 'detached', timeout: 1000 })
      .catch(() => undefined);
  }
  const states = await page
    .locator('[data-plot-id]')
    .evaluateAll((cards) => cards.map((card) => card.getAttribute('data-state') ?? ''));
  return Object.fromEntries(
    [...new Set(states)].map((state) => [state, states.filter((s) => s === state).length]),
  );
}

/** drop: drops a file onto the page, as a desktop does. */
export async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const base64 = Buffer.from(bytes).toString('base64');
  const data = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(${JSON.stringify(base64)}), (char) => char.charCodeAt(0));
    transfer.items.add(new File([bytes], ${JSON.stringify(name)}));
    return transfer;
  })()`);
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: data });
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
}
