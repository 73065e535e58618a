import { ABI, defineSampler, Poller, sentence, type Window } from '@rezolus/core';
import { askNginx } from './client.ts';
import { Growing } from './growing.ts';
import { server, states } from './metrics.ts';
import { parseStubStatus } from './stub-status.ts';

interface Answer {
  readonly values: readonly bigint[];
  readonly window: Window;
}

/** nginxStatus: connections and requests of nginx. A refresh shows the last answer and does not wait for the next one. */
export const nginxStatus = defineSampler({
  name: 'nginx_status',
  abi: ABI,
  description: 'Connections and requests of nginx, from its stub_status',
  routes: [{ route: 'HTTP: stub_status', needs: 'nginx with a location that says stub_status' }],
  groups: [server],
  options: {
    url: {
      type: 'string',
      default: 'http://127.0.0.1/stub_status',
      description: 'Where nginx says stub_status',
    },
    interval: { type: 'duration', default: '1s', description: 'How often nginx is asked' },
    timeout: { type: 'duration', default: '1s', description: 'How long nginx has to answer' },
  },
  create({ options, clock, group: groupOf }) {
    const { url, interval, timeout } = options;
    new URL(url);
    const group = groupOf(server.name);
    const absent = server.metrics.map(() => null);
    const growing = new Growing();
    let answer: Answer | null = null;
    const poller = new Poller(interval, async () => {
      const beginNs = clock.wallNs();
      const began = clock.monotonicNs();
      try {
        const status = parseStubStatus(await askNginx(url, timeout));
        const window = { beginNs, endNs: beginNs + clock.monotonicNs() - began };
        const counters = growing.add([status.accepted, status.handled, status.requests]);
        answer = { values: [...counters, ...states.map((state) => status[state])], window };
      } catch (error) {
        // What does not answer has no values: the last ones would look as if it did.
        answer = null;
        throw error;
      }
    });
    return {
      groups: [group],
      refresh() {
        group.storeRows([answer?.values ?? absent]);
        group.window = answer?.window ?? null;
      },
      report: () => ({
        route: `HTTP: ${url}`,
        missing: answer === null ? [poller.error === null ? 'no answer yet' : sentence(poller.error)] : [],
      }),
      async [Symbol.asyncDispose]() {
        await poller.stop();
      },
    };
  },
});
