import type { GroupDeclaration } from '@rezolus/core';

const levels = ['1', '2'] as const;

/** Order of the metrics = order of the values of a {@link Reading}. */
export const sweep: GroupDeclaration = {
  name: 'drivehealth_sweep',
  per: 'device',
  metrics: [
    {
      name: 'drive_temperature',
      kind: 'gauge',
      unit: 'Celsius',
      description: 'Temperature of a drive by its own sensor (SATA: SMART attribute 194 or 190)',
    },
    {
      name: 'drive_temperature_warning_time',
      kind: 'counter',
      unit: 'seconds',
      description: 'Time an NVMe drive was at its warning temperature or above, which it counts in minutes',
    },
    {
      name: 'drive_temperature_critical_time',
      kind: 'counter',
      unit: 'seconds',
      description: 'Time an NVMe drive was at its critical temperature or above, which it counts in minutes',
    },
    ...levels.map(
      (level) =>
        ({
          name: 'drive_thermal_throttle_time',
          kind: 'counter',
          unit: 'seconds',
          description: `Time an NVMe drive ran slower because of its thermal management temperature ${level}`,
          labels: { level },
        }) as const,
    ),
    ...levels.map(
      (level) =>
        ({
          name: 'drive_thermal_throttle_transitions',
          kind: 'counter',
          description: `Times an NVMe drive became slower because of its thermal management temperature ${level}`,
          labels: { level },
        }) as const,
    ),
  ],
};

/** Reading: the values of one drive by position in `sweep`, null where it has none. */
export type Reading = readonly (bigint | null)[];
