/**
 * A recorder as a process of its own: `recorder.ts URL OUTPUT INTERVAL_MS ROWS_PER_GROUP`. Prints the number of rows after
 * each interval; ends as the command does: 0, or 1 with the code of the error.
 */
import { RezolusError } from '@rezolus/core/errors';
import { record } from '../../src/recorder/record.ts';

const [url, output, intervalMs, rowGroupRows] = process.argv.slice(2);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
try {
  await record(
    {
      endpoints: [{ url: url! }],
      output: output!,
      intervalMs: Number(intervalMs),
      rowGroupRows: Number(rowGroupRows),
      signal: stop.signal,
    },
    ({ rows }) => process.stdout.write(`${rows}\n`),
  );
} catch (error) {
  if (!(error instanceof RezolusError)) throw error;
  process.stderr.write(`${error.code} ${error.message}\n`);
  process.exitCode = 1;
}
