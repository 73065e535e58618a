import { RezolusError, sentence } from './errors.ts';

/** Service: what runs until a signal ends it. */
export interface Service extends AsyncDisposable {
  /** ended: settles where it cannot go on. */
  readonly ended?: Promise<void>;
  /** isAlive: asked before each sign of life to the watchdog of the service manager; default yes. */
  isAlive?(): boolean;
  /** reload: reads the configuration again, on SIGHUP. Does not reject. Without it the signal is `start`'s. */
  reload?(): Promise<void>;
}

/**
 * runService: runs a service as the whole of this process until SIGINT or SIGTERM, a second of which does not wait, and
 * keeps the service manager informed: `notify` takes the words of sd_notify(3). An error of ours is printed with its
 * remedy, and the exit status is 1.
 */
export async function runService(
  start: () => Promise<Service>,
  notify: (text: string) => void,
): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(2);
      stopping = true;
      notify('STOPPING=1');
      stop();
    });
  }
  try {
    await using service = await start();
    if (service.reload !== undefined) onHangup(() => service.reload!(), notify);
    using _watchdog = signsOfLife(service, notify);
    if (!stopping) notify('READY=1');
    await Promise.race([stopped, service.ended ?? stopped]);
  } catch (error) {
    if (!(error instanceof RezolusError)) throw error;
    process.stderr.write(`error: ${sentence(error)}\n  ${error.remedy} [${error.code}]\n`);
    process.exitCode = 1;
  }
}

/** One that comes while another runs sees everything that a third one would. */
function onHangup(reload: () => Promise<void>, notify: (text: string) => void): void {
  let last = Promise.resolve();
  let waiting = 0;
  process.on('SIGHUP', () => {
    if (waiting > 1) return;
    waiting++;
    last = last.then(async () => {
      notify(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
      await reload();
      notify('READY=1');
      waiting--;
    });
  });
}

/** signsOfLife: tells the watchdog, twice as often as it wants, that the event loop turns and the service is alive. */
function signsOfLife(service: Service, notify: (text: string) => void): Disposable {
  const { WATCHDOG_USEC, WATCHDOG_PID = String(process.pid) } = process.env;
  const intervalMs = Number(WATCHDOG_USEC) / 2000;
  if (!(intervalMs >= 1 && intervalMs < 2 ** 31) || WATCHDOG_PID !== String(process.pid)) {
    return { [Symbol.dispose]() {} };
  }
  const timer = setInterval(() => {
    if (service.isAlive?.() !== false) notify('WATCHDOG=1');
  }, intervalMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
