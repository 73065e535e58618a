/** Preloaded into a process with `--import`: every second, the longest delay of its event loop in ms, as a line to fd 3. */
import { writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 20 });
delay.enable();
setInterval(() => {
  writeSync(3, `${(delay.max / 1e6).toFixed(1)}\n`);
  delay.reset();
}, 1000).unref();
