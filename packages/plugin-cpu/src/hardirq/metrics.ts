import type { GroupDeclaration } from '@rezolus/core';

/** Order of the metrics = order of the fields of `struct hardirq_bank` from `count` on. */
export const hardirqs: GroupDeclaration = {
  name: 'cpu_hardirq_hardirq',
  per: 'cpu',
  metrics: [
    {
      name: 'hardirq',
      kind: 'counter',
      unit: 'interrupts',
      description:
        'Hard interrupts of devices, by the CPU that took them: the numbered lines of /proc/interrupts. Those that the kernel handles itself (on x86 the local timer and calls between CPUs) are not among them.',
    },
    {
      name: 'hardirq_time',
      kind: 'counter',
      unit: 'nanoseconds',
      description:
        'Time in the handlers of hard interrupts, without that of entry and exit; also part of softirq_time where they interrupt one',
    },
  ],
};
