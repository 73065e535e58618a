import { formatDuration, RezolusError, type SamplerSet } from '@rezolus/core';
import type { Budget } from './config.ts';
import type { OverheadObserver } from './overhead/index.ts';

/** BudgetOptions: who is watched, by whose measurements, and what each sampler may take. */
export interface BudgetOptions {
  readonly observer: OverheadObserver;
  readonly samplers: Pick<SamplerSet, 'groups' | 'refreshTimes' | 'sharers' | 'shed'>;
  budgetOf(sampler: string): Budget;
}

/**
 * keepBudgets: with each measurement of `rezolus_overhead`, sheds samplers that take more than their budget. CPU time
 * that is over it is measured again at once and has to be over it twice: one moment may be an accident. Programs and
 * maps that samplers share count for each of them; of those who share, one is shed at a time.
 */
export function keepBudgets({ observer, samplers, budgetOf }: BudgetOptions): void {
  let suspects: ReadonlySet<string> = new Set();
  let refreshed = new Map<string, number>();
  let checkedAt = performance.now();
  observer.onMeasured = () => {
    const now = performance.now();
    const seconds = (now - checkedAt) / 1000;
    const times = samplers.refreshTimes();
    const next = new Set<string>();
    const relieved = new Set<string>();
    for (const { name, ms } of times) {
      const budget = budgetOf(name);
      const sharers = new Set(samplers.sharers(name));
      const cost = observer.costOf(sharers);
      const cpu = cost.nsPerSecond / 1e6 + (ms - (refreshed.get(name) ?? 0)) / seconds;
      const shed = (what: string) => {
        for (const sharer of sharers) relieved.add(sharer);
        void samplers.shed(name, new RezolusError('REZ_ERR_SAMPLER_BUDGET', `${name} ${what}`));
      };
      if (relieved.has(name)) next.add(name);
      else if (cost.mapBytes > (budget.map_bytes ?? Number.POSITIVE_INFINITY))
        shed(`has ${cost.mapBytes} bytes of maps, its budget is ${budget.map_bytes}`);
      else if (seriesOf(samplers, name) > (budget.series ?? Number.POSITIVE_INFINITY))
        shed(`has ${seriesOf(samplers, name)} series, its budget is ${budget.series}`);
      else if (cpu <= (budget.cpu ?? Number.POSITIVE_INFINITY)) continue;
      else if (!suspects.has(name)) next.add(name);
      else
        shed(
          `takes ${formatDuration(cpu)} of CPU time per second, its budget is ${formatDuration(budget.cpu!)}`,
        );
    }
    if (next.size > 0) observer.measureAgain();
    suspects = next;
    refreshed = new Map(times.map(({ name, ms }) => [name, ms]));
    checkedAt = now;
  };
}

function seriesOf(samplers: BudgetOptions['samplers'], sampler: string): number {
  return samplers
    .groups()
    .filter(({ name }) => name.startsWith(`${sampler}/`))
    .reduce((sum, group) => sum + group.counters.length + group.gauges.length + group.histograms.length, 0);
}
