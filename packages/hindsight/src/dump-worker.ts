/** A thread that dumps buffers, one at a time, off the thread that records. */
import { parentPort } from 'node:worker_threads';
import { RezolusError, sentence } from '@rezolus/core';
import { type DumpRequest, dumpBuffer } from './dump.ts';
import type { DumpAnswer } from './dumper.ts';

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
