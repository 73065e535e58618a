/**
 * The full fault run of the recorder and of hindsight; `node packages/recording/test/faults/run.ts [SEED]`. Exits 1 where
 * anything was lost.
 */
import { runDumps } from '../../../hindsight/test/dumps.ts';
import { runDamage } from './damage.ts';
import { canMount, runFullDisk } from './full-disk.ts';
import { runKills } from './kills.ts';
import { randomFrom } from './random.ts';

const seed = Number(process.argv[2] ?? Date.now() % 1e6);
const random = randomFrom(seed);
console.log(`seed ${seed}`);
let failed = false;
const report = (name: string, result: object, bad: boolean) => {
  console.log(`${bad ? 'FAILED' : 'ok'}: ${name}`, result);
  failed ||= bad;
};
const kills = await runKills(200, 6, random);
const lost = kills.lostCounted > 0 || kills.mostLost > 1;
report('200 SIGKILLs at 100 ms', kills, kills.unreadable.length > 0 || lost);
if (canMount()) {
  const sizes = Array.from({ length: 50 }, (_, i) => 100 + i * 120);
  const full = await runFullDisk(sizes, 3);
  report('50 sizes of a full file system', full, full.unreadable.length > 0 || full.lostCounted > 0);
} else {
  console.log('skipped: file systems cannot be mounted here, run as root');
}
const damage = await runDamage(1000, random);
report('1,000 damaged journals', damage, damage.wrong.length > 0 || damage.unnamed.length > 0);
const dumps = await runDumps(10, 10);
const gone = dumps.lost + dumps.late + dumps.failed;
report('100 dumps of hindsight at 10 Hz', dumps, dumps.torn.length + dumps.left.length + gone > 0);
process.exitCode = failed ? 1 : 0;
