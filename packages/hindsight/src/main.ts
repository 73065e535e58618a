/**
 * Hindsight as a process of its own: `node main JSON` with a HindsightConfig. The command line becomes this process once
 * it has read the configuration, so that a running hindsight holds no code of either.
 */
import { runService } from '@rezolus/core/service';
import { notifyManager } from '@rezolus/libbpf/notify';
import type { HindsightConfig } from './config.ts';
import { startHindsight } from './hindsight.ts';

const config: HindsightConfig = JSON.parse(process.argv[2]!);
// Until there is something to dump, the signal would end the process.
let capture = async () => {};
let captures = 0;
process.on('SIGHUP', () => {
  // One that waits sees everything that a third one would.
  if (captures >= 2) return;
  captures++;
  capture().finally(() => captures--);
});

await runService(async () => {
  const hindsight = await startHindsight({ config });
  capture = hindsight.capture;
  return hindsight;
}, notifyManager);
