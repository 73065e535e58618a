import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

const service = new URL('../src/service.ts', import.meta.url).href;
const errors = new URL('../src/errors.ts', import.meta.url).href;

/** start: a process that runs a service of this source and prints what it tells the service manager. */
function start(source: string) {
  const script = `
    import { runService } from '${service}';
    import { RezolusError } from '${errors}';
    const say = (text) => process.stdout.write(text.replaceAll('\\n', ' ') + '\\n');
    const close = { async [Symbol.asyncDispose]() { say('closed'); } };
    const alive = setInterval(() => {}, 1000);
    ${source}
    clearInterval(alive);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, WATCHDOG_USEC: '20000' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const closed = once(child, 'close');
  return {
    child,
    async said(pattern: RegExp): Promise<void> {
      while (!pattern.test(stdout)) await once(child.stdout, 'data');
    },
    async ended() {
      const [code] = await closed;
      return { code, stdout, stderr };
    },
  };
}

it('is ready, shows that it lives, reloads, and stops', async () => {
  const run = start(
    `await runService(async () => ({ ...close, reload: async () => say('reloaded') }), say);`,
  );
  await run.said(/READY=1[\s\S]*WATCHDOG=1[\s\S]*WATCHDOG=1/);
  run.child.kill('SIGHUP');
  await run.said(/RELOADING=1 MONOTONIC_USEC=\d+\n(WATCHDOG=1\n)*reloaded\n(WATCHDOG=1\n)*READY=1/);
  run.child.kill('SIGTERM');
  const { code, stdout } = await run.ended();
  expect(code).toBe(0);
  expect(stdout).toMatch(/STOPPING=1\nclosed\n$/);
});

it('tells the watchdog nothing when it is stuck', async () => {
  const run = start(`
    let asked = 0;
    await runService(async () => ({ ...close, isAlive: () => { if (++asked === 5) say('asked'); return false; } }), say);`);
  await run.said(/asked/);
  run.child.kill('SIGINT');
  const { code, stdout } = await run.ended();
  expect([code, stdout]).toEqual([0, 'READY=1\nasked\nSTOPPING=1\nclosed\n']);
});

it('ends with the service, and at once with a second signal', async () => {
  const ended = await start(
    `await runService(async () => ({ ...close, ended: Promise.resolve() }), say);`,
  ).ended();
  expect([ended.code, ended.stdout]).toEqual([0, 'READY=1\nclosed\n']);
  const hanging = start(`await runService(async () => ({
    [Symbol.asyncDispose]: () => { say('closing'); return new Promise(() => {}); } }), say);`);
  await hanging.said(/READY/);
  hanging.child.kill('SIGTERM');
  await hanging.said(/closing/);
  hanging.child.kill('SIGTERM');
  expect((await hanging.ended()).code).toBe(2);
});

it('prints an error of ours with its remedy', async () => {
  const run = start(
    `await runService(async () => { throw new RezolusError('REZ_ERR_LISTEN', 'no port'); }, say);`,
  );
  const { code, stdout, stderr } = await run.ended();
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^error: no port\n {2}.*\[REZ_ERR_LISTEN\]\n$/);
});
