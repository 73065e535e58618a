/** A thread that dumps buffers, one at a time, off the thread that records. */
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { RezolusError, sentence } from '@rezolus/core';
import { type DumpRequest, dumpBuffer } from './dump.ts';
import type { DumpAnswer } from './dumper.ts';

// Of this thread only: where there are too few processors, dumps wait and rows do not.
setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_BELOW_NORMAL);

parentPort!.on('message', async (request: DumpRequest) => {
  const answer = await dumpBuffer(request).then(
    (dumped): DumpAnswer => ({ dumped }),
    (error): DumpAnswer => ({
      code: error instanceof RezolusError ? error.code : 'REZ_ERR_RECORDING_WRITE',
      message: sentence(error),
    }),
  );
  parentPort!.postMessage(answer);
});
