/**
 * A process that dumps buffers, one at a time, off the process that records: what a dump takes of memory goes with it.
 */
import { constants, setPriority } from 'node:os';
import { RezolusError, sentence } from '@rezolus/core';
import { type DumpRequest, dumpBuffer } from './dump.ts';
import type { DumpAnswer } from './dumper.ts';

// Where there are too few processors, dumps wait and rows do not.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

// Signals of the terminal or the service are for the process that records, which ends this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

process.on('message', async (request: DumpRequest) => {
  const answer = await dumpBuffer(request).then(
    (dumped): DumpAnswer => ({ dumped }),
    (error): DumpAnswer => ({
      code: error instanceof RezolusError ? error.code : 'REZ_ERR_RECORDING_WRITE',
      message: sentence(error),
    }),
  );
  process.send!(answer);
});
process.on('disconnect', () => process.exit());
