import type { Source } from '@rezolus/query';
import type { Capture, CaptureKind } from '../contract.ts';
import type { Queries } from './queries.ts';

/** LiveFeed: tells when a live source got new samples or lost its agent. */
export interface LiveFeed {
  /** False while the agent does not answer. */
  readonly connected: boolean;
  /** subscribe: calls `listener` after each sample and each change of `connected`; returns the way to stop it. */
  subscribe(listener: () => void): () => void;
}

/** ViewerSource: what a viewer shows: a recording, a live agent or a server, and what is known about it. */
export interface ViewerSource {
  readonly kind: CaptureKind;
  /** For people: the file name or the agent's URL. */
  readonly name: string;
  readonly source: Source;
  readonly metadata: Readonly<Record<string, string>>;
  /** The `/systeminfo` document of the recorded machine, or null. */
  readonly systeminfo: unknown;
  /** The machines in it, where the source knows; else they are told by the label `node`. */
  readonly nodes?: Capture['nodes'] | undefined;
  /** Who answers queries; left out where `source` has the samples and they are answered in the thread of the server. */
  readonly queries?: Queries;
  /** Of sources that grow. */
  readonly live?: LiveFeed;
  /** close: stops what the source does by itself and lets its files go. */
  close(): Promise<void>;
}
