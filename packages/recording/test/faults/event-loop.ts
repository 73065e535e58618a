/** Preloaded into a process with `--import`: every second, the longest delay of its event loop in ms, as a line to stderr. */
import { writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 20 });
delay.enable();
setInterval(() => {
  writeSync(2, `event loop: ${(delay.max / 1e6).toFixed(1)}\n`);
  delay.reset();
}, 1000).unref();
