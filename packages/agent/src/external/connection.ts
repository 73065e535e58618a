import type { Socket } from 'node:net';
import { checkLabels, type DropReason, type Message, type PushedLabels, Refused } from './message.ts';
import type { MetricStore, Owner } from './store.ts';
import { type Protocol, PushStream, type Sink } from './stream.ts';

/** After so many messages that are none, the connection is closed. */
const maxErrors = 100;

/** Bytes of one turn: some milliseconds of work. */
const sliceBytes = 4096;

/** Reasons that are limits of ours or somebody else's right: the client speaks the protocol and is not ended for them. */
const noErrors: ReadonlySet<DropReason> = new Set([
  'name_taken',
  'max_metrics',
  'max_metrics_per_connection',
  'max_bytes',
]);

/** Connection: one client: its bytes become series of the store, with the labels of its session. */
export class Connection implements Sink, Owner {
  readonly socket: Socket;
  /** Series of the store that it brought. */
  series = 0;
  /** When bytes came last. */
  activeMs: number;
  /** Bytes that came and are not looked at yet. */
  waiting: Buffer | null = null;
  /** The client will send no more. */
  ended = false;

  readonly #stream: PushStream;
  readonly #store: MetricStore;
  readonly #dropped: (reason: DropReason) => void;
  #session: PushedLabels = new Map();
  #errors = 0;

  constructor(
    socket: Socket,
    protocol: Protocol,
    store: MetricStore,
    dropped: (reason: DropReason) => void,
    nowMs: number,
  ) {
    this.socket = socket;
    this.#store = store;
    this.#dropped = dropped;
    this.activeMs = nowMs;
    this.#stream = new PushStream(protocol, this);
  }

  /** heldBytes: memory of what it sent and what is not taken yet. */
  get heldBytes(): number {
    return this.#stream.heldBytes + (this.waiting?.length ?? 0);
  }

  /** work: looks at the next bytes of what has come; ends the connection where they make no sense. */
  work(): void {
    const slice = this.waiting?.subarray(0, sliceBytes);
    if (slice === undefined) return;
    const rest = this.waiting!.subarray(sliceBytes);
    this.waiting = rest.length === 0 ? null : rest;
    this.#orEnd(() => this.#stream.feed(slice));
  }

  /** end: the client has said all it had to say. */
  end(): void {
    this.#orEnd(() => this.#stream.end());
  }

  take(read: () => Message | null): void {
    try {
      const message = read();
      if (message === null) return;
      if (message.kind === 'session') {
        checkLabels(message.labels);
        this.#session = message.labels;
      } else {
        const labels = new Map([...this.#session, ...message.labels]);
        this.#store.put(this, { ...message, labels });
      }
    } catch (error) {
      if (!(error instanceof Refused) || error.closes) throw error;
      this.drop(error);
    }
  }

  drop({ reason }: Refused): void {
    if (!noErrors.has(reason) && ++this.#errors >= maxErrors) throw new Refused(reason, { closes: true });
    this.#dropped(reason);
  }

  #orEnd(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#dropped(error.reason);
      this.waiting = null;
      this.socket.destroy();
    }
  }
}
