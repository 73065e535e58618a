import type { GroupDeclaration } from '@rezolus/core';

/** states: what a connection is being used for. */
export const states = ['reading', 'writing', 'waiting'] as const;

/** server: everything that one answer of nginx says. */
export const server: GroupDeclaration = {
  name: 'nginx_status_server',
  per: 'host',
  metrics: [
    {
      name: 'nginx_connections_accepted',
      kind: 'counter',
      unit: 'connections',
      description: 'Connections that nginx accepted, its restarts included',
    },
    {
      name: 'nginx_connections_handled',
      kind: 'counter',
      unit: 'connections',
      description: 'Connections that nginx handled; fewer than accepted where it was at a limit',
    },
    {
      name: 'nginx_requests',
      kind: 'counter',
      unit: 'requests',
      description: 'Requests that clients made of nginx; those of this sampler included',
    },
    ...states.map(
      (state) =>
        ({
          name: 'nginx_connections',
          kind: 'gauge',
          unit: 'connections',
          description: 'Open connections of nginx: a request is read, answered, or none is under way',
          labels: { state },
        }) as const,
    ),
  ],
};
