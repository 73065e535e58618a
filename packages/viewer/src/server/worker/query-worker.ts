import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { fileSource } from '../open/file-source.ts';
import { engineQueries, queryEngine } from '../queries.ts';
import type { ViewerSource } from '../source.ts';
import { plainError, type WorkerInput, type WorkerReply, type WorkerRequest } from './protocol.ts';

/** WorkerData: what the server hands to the worker; ids of cancelled queries come by a port of their own. */
export interface WorkerData {
  readonly input: WorkerInput;
  readonly cancellations: MessagePort;
}

const { input, cancellations } = workerData as WorkerData;
const running = new Map<number, AbortController>();
const reply = (message: WorkerReply, transfer: ArrayBuffer[] = []) =>
  parentPort!.postMessage(message, transfer);

function cancel(id: number): void {
  running.get(id)?.abort();
}

/** While a query is being evaluated no message is delivered by itself. */
function takeCancellations(): void {
  for (let next = receiveMessageOnPort(cancellations); next !== undefined; ) {
    cancel(next.message as number);
    next = receiveMessageOnPort(cancellations);
  }
}

/** What only one kind of source needs is loaded for that one. */
async function open(wanted: WorkerInput): Promise<ViewerSource> {
  switch (wanted.kind) {
    case 'file':
      return fileSource(wanted.path, wanted.name);
    case 'live':
      return (await import('../live/live-source.ts')).liveSource(wanted.url, wanted);
    case 'growing':
      return (await import('../open/growing-source.ts')).growingSource(wanted.folder);
    case 'prometheus':
      return (await import('../remote/prometheus-source.ts')).prometheusSource(
        wanted.url,
        wanted.httpConfigFile,
      );
  }
}

function reportState(viewed: ViewerSource, withSeries: boolean): void {
  const { kind, name, nodes, source, metadata, systeminfo, live } = viewed;
  const { generation, intervalMs, startMs, endMs } = source;
  const state = { kind, name, nodes, generation, intervalMs, startMs, endMs, metadata, systeminfo };
  const series = withSeries ? { series: source.series() } : {};
  reply({ type: 'state', state: { ...state, ...series, connected: live?.connected ?? true } });
}

try {
  const viewed = await open(input);
  const queries = viewed.queries ?? engineQueries(queryEngine(viewed.source, viewed.kind), takeCancellations);
  cancellations.on('message', cancel);
  parentPort!.on('message', async ({ id, method, argument }: WorkerRequest) => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      takeCancellations();
      const answer = await queries[method](argument as never, controller.signal);
      reply({ type: 'answer', id, answer }, typeof answer === 'string' ? [] : [answer.buffer]);
    } catch (error) {
      reply({ type: 'error', id, error: plainError(error) });
    } finally {
      running.delete(id);
    }
  });
  let generation = viewed.source.generation;
  viewed.live?.subscribe(() => {
    const changed = viewed.source.generation !== generation;
    generation = viewed.source.generation;
    reportState(viewed, changed);
  });
  reportState(viewed, true);
} catch (error) {
  reply({ type: 'error', id: null, error: plainError(error) });
}
