import { Readable } from 'node:stream';
import type { LiveEvent } from '../../contract.ts';
import type { ViewerSource } from '../source.ts';

const heartbeatMs = 15_000;

/** liveEvent: the state of a live source now. */
export function liveEvent({ kind, source, live }: ViewerSource): LiveEvent {
  return {
    startMs: source.startMs,
    endMs: source.endMs,
    series: source.series().length,
    generation: source.generation,
    connected: live?.connected ?? true,
    kind,
  };
}

/**
 * liveStream: the body of the live event stream: the state at once, then one event per change. A client that does not
 * read gets no more events until it does; each event says everything, so it misses nothing. A comment every 15 s keeps
 * the connection open.
 */
export function liveStream(source: ViewerSource): Readable {
  let willing = true;
  const stream = new Readable({
    read() {
      willing = true;
    },
    destroy(error, done) {
      unsubscribe?.();
      clearInterval(heartbeat);
      done(error);
    },
  });
  const push = (text: string) => {
    if (willing) willing = stream.push(text);
  };
  const send = () => push(`data: ${JSON.stringify(liveEvent(source))}\n\n`);
  const unsubscribe = source.live?.subscribe(send);
  const heartbeat = setInterval(push, heartbeatMs, ':\n\n');
  send();
  return stream;
}
