import type { Plot } from '../../contract.ts';
import { fetchRange } from '../lib/api.ts';
import { sparkline } from '../lib/sparkline.ts';
import { loadSection } from './sections.ts';
import { view } from './view.svelte.ts';

/** patience: how long the charts have the server to themselves, ms; and how often a live overview is drawn anew. */
const patience = 400;
const again = 10_000;

/** Overview: the shape of the whole capture for the time bar: the first line of the first section, drawn small. */
export class Overview {
  path = $state('');
  #plot: Plot | undefined;

  constructor() {
    $effect(() => {
      if (!view.capture || view.sections.length === 0) return;
      const abort = new AbortController();
      let timer = setTimeout(
        async function draw(this: Overview) {
          await this.#draw(abort.signal);
          if (view.live && !abort.signal.aborted) timer = setTimeout(draw.bind(this), again);
        }.bind(this),
        patience,
      );
      return () => {
        clearTimeout(timer);
        abort.abort();
      };
    });
  }

  async #draw(signal: AbortSignal): Promise<void> {
    const { bounds, step } = view;
    if (bounds.max <= bounds.min) return;
    try {
      this.#plot ??= await firstLine();
      if (!this.#plot) return;
      const { capture, node } = view.whom();
      const request = {
        query: this.#plot.query,
        start: bounds.min,
        end: bounds.max,
        step,
        points: 400,
        capture,
        node,
      };
      const reply = await fetchRange(request, signal);
      if (reply.kind === 'lines' && reply.series[0]) this.path = sparkline(reply.series[0], bounds);
    } catch {
      // The bar works without its picture.
    }
  }
}

async function firstLine(): Promise<Plot | undefined> {
  const id = view.sections.find((section) => section.available > 0)?.id;
  if (id === undefined) return undefined;
  const section = await loadSection(id, view.ids);
  return section.groups
    .flatMap((group) => group.subgroups.flatMap((subgroup) => subgroup.plots))
    .find((plot) => plot.style === 'line' && !(section.empty && plot.id in section.empty));
}
