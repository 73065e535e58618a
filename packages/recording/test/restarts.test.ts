import { describe, expect, it } from 'vitest';
import type { RecordingEvent } from '../src/facts.ts';
import type { Endpoint } from '../src/recorder/endpoint.ts';
import { RestartWatch } from '../src/recorder/restarts.ts';

/** watch: what comes of samples of an agent that says these start times, one after the other. */
async function watch(
  started: (number | undefined)[],
  steps: (watch: RestartWatch) => Promise<void>,
): Promise<RecordingEvent[]> {
  let asked = 0;
  const endpoint = { startedMs: async () => started[asked++] } as unknown as Endpoint;
  const events: RecordingEvent[] = [];
  const watcher = new RestartWatch(endpoint, new AbortController().signal, (event) => events.push(event));
  await steps(watcher);
  await watcher.settled();
  expect(asked).toBe(started.length);
  return events;
}

describe('RestartWatch', () => {
  it('asks only where there is a reason to', async () => {
    expect(
      await watch([1000], async (watcher) => {
        for (let row = 0n; row < 5n; row++) watcher.sampled(row, 0);
      }),
    ).toEqual([]);
  });

  it('believes the agent that a counter which fell is no restart', async () => {
    expect(await watch([1000, 1800], async (watcher) => watcher.sampled(1n, 0.1))).toEqual([]);
  });

  it('sees that an agent which was away was restarted', async () => {
    const events = await watch([1000, 61_000], async (watcher) => {
      watcher.lost();
      watcher.sampled(7n, 0);
    });
    expect(events).toMatchObject([
      { timestamp: 7n, kind: 'agent_restart', details: 'it began at 1970-01-01T00:01:01.000Z' },
    ]);
  });

  it('goes by the counters where the agent does not say when it began', async () => {
    expect(await watch([undefined, undefined], async (watcher) => watcher.sampled(1n, 0.4))).toEqual([]);
    expect(await watch([undefined, undefined], async (watcher) => watcher.sampled(1n, 0.6))).toHaveLength(1);
  });

  it('makes one event of one restart', async () => {
    const events = await watch([1000, 61_000, 61_500], async (watcher) => {
      watcher.sampled(1n, 0.9);
      await watcher.settled();
      watcher.sampled(2n, 0.1);
    });
    expect(events).toHaveLength(1);
  });
});
