import type { GroupDeclaration } from '@rezolus/core';

export const coresRead: GroupDeclaration = {
  name: 'cpu_cores_read',
  per: 'host',
  metrics: [{ name: 'cpu_cores', kind: 'gauge', description: 'Number of logical CPUs that are online' }],
};
