/**
 * The process of one plugin of a third party: a host of samplers that has given up everything. It is told by its first
 * message what it is to be ({@link Assignment}); the plugin's code is imported only after that, as a user that owns
 * nothing. File descriptor 3 is the socket to the agent.
 */
import { promises } from 'node:fs';
import { registerHooks } from 'node:module';
import { Socket } from 'node:net';
import { RezolusError, sentence } from '@rezolus/core';
import { confine, giveUpPowers } from '@rezolus/libbpf';
import { encodeFrame, FrameReader } from '../frames.ts';
import { fixedLimits } from '../limits.ts';
import type { Assignment, ChildMessage, Request } from '../messages.ts';
import { PluginHost } from './host.ts';

// The threads of the pool come into being with the first work for it. They must be there when the process changes its
// user, or they would inherit the capabilities that the main thread keeps until the samplers are attached.
await promises.stat('/');

// A plugin brings no copy of these: it gets the host's, wherever it is installed. They are found now: the user that this
// process becomes may not be able to.
const provided: Readonly<Record<string, string>> = {
  '@rezolus/core': import.meta.resolve('@rezolus/core'),
  '@rezolus/libbpf': import.meta.resolve('@rezolus/libbpf'),
};
registerHooks({
  resolve: (specifier, context, next) => {
    const url = provided[specifier];
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
  },
});

const socket = new Socket({ fd: 3 });
const frames = new FrameReader(fixedLimits.frameBytes);
const send = (message: ChildMessage, body?: Uint8Array) => socket.write(encodeFrame(message, body));
let host: PluginHost | undefined;
let work = Promise.resolve();

socket.on('data', (chunk) => {
  for (const { head } of frames.push(chunk)) {
    work = work.then(() => handle(head as Assignment | Request)).catch(fail);
  }
});
// The agent has gone, or wants this process to end.
socket.on('end', async () => {
  await work;
  await host?.[Symbol.asyncDispose]();
  process.exit(0);
});

async function handle(message: Assignment | Request): Promise<void> {
  if ('task' in message) host = await begin(message);
  else if (host !== undefined) await answer(host, message);
}

async function begin({ task, plugin, samplers, uid, maxSeries }: Assignment): Promise<PluginHost> {
  confine({ uid, ...fixedLimits.process });
  if (task === 'describe') await giveUpPowers();
  const made = await PluginHost.create(plugin, maxSeries, (level, sampler, message) =>
    send({ kind: 'log', level, sampler, message }),
  );
  if (task === 'describe') {
    send({ kind: 'described', ...made.described() });
    return made;
  }
  await made.start(samplers);
  await giveUpPowers();
  send({ kind: 'started', samplers: made.status() });
  return made;
}

async function answer(running: PluginHost, request: Request): Promise<void> {
  if (request.kind === 'costs') {
    send({ kind: 'costs', programs: running.costs() });
    return;
  }
  const body = await running.refresh();
  send({ kind: 'refreshed', tick: request.tick, samplers: running.status() }, body);
}

function fail(error: unknown): void {
  const code = error instanceof RezolusError ? error.code : 'REZ_ERR_PLUGIN_LOAD';
  send({ kind: 'failed', code, message: sentence(error) });
  socket.end();
}
