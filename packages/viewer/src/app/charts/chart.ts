import uPlot from 'uplot';
import type { Palette } from '../lib/colors.ts';
import { tickLabels, ticksFor } from '../lib/time.ts';
import type { Window } from '../lib/zoom.ts';
import type { Drawing } from './drawing.ts';
import { paint } from './paint.ts';

/** gutter: the room for labels left of every chart, CSS pixels; equal, so that charts below each other line up. */
export const gutter = 64;
/** margin: the room right of every chart, CSS pixels. */
export const margin = 12;

/** ChartEvents: what a chart tells its owner. */
export interface ChartEvents {
  /** A range was dragged. */
  zoom(window: Window): void;
  reset(): void;
  /** The chart was clicked. */
  click(): void;
  /** The pointer is at this time (ms) and place; null when it left. */
  point(
    at: { readonly time: number; readonly y: number; readonly left: number; readonly top: number } | null,
  ): void;
  /** The chart shows this window now. */
  shown(window: Window): void;
}

/** Chart: one uPlot in an element. It shows what it is told, and tells what the user does; it keeps no state of its own. */
export class Chart {
  readonly #host: HTMLElement;
  readonly #events: ChartEvents;
  readonly #palette: Palette;
  readonly #origin: number | null;
  #drawing: Drawing;
  #window: Window;
  #plot: uPlot;
  #alone: number | null = null;
  #hovered = false;
  #held: number | null = null;

  /** `origin` (ms): where times are counted from; null shows the time of day. */
  constructor(
    host: HTMLElement,
    drawing: Drawing,
    window: Window,
    palette: Palette,
    events: ChartEvents,
    origin: number | null = null,
  ) {
    this.#origin = origin;
    this.#host = host;
    this.#events = events;
    this.#palette = palette;
    this.#drawing = drawing;
    this.#window = window;
    this.#plot = this.#build();
  }

  /** draw replaces what is drawn; in place where the series are the same ones. */
  draw(drawing: Drawing): void {
    const same = drawing.signature === this.#drawing.signature;
    this.#drawing = drawing;
    if (same) {
      drawing.fit?.(this.#window);
      this.#plot.batch(() => {
        this.#plot.setData(drawing.data, false);
        this.#plot.setScale('x', this.#window);
      });
    } else {
      this.#plot.destroy();
      this.#plot = this.#build();
      if (this.#alone !== null) this.isolate(this.#alone);
    }
  }

  /** show moves the chart to `window`; the y axis refits. */
  show(window: Window): void {
    if (window.min === this.#window.min && window.max === this.#window.max) return;
    this.#window = window;
    this.#drawing.fit?.(window);
    this.#plot.setScale('x', window);
  }

  /** isolate shows one legend entry alone; null shows all. */
  isolate(entry: number | null): void {
    this.#alone = entry;
    const members = entry === null ? null : this.#drawing.members(entry);
    this.#plot.batch(() => {
      for (let i = 1; i < this.#drawing.series.length; i++) {
        this.#plot.setSeries(i, { show: members?.includes(i) ?? true });
      }
    });
  }

  /** mark puts the crosshair at a time that another chart was pointed at; null takes it away. */
  mark(time: number | null): void {
    if (this.#hovered) return;
    const inside = time !== null && time >= this.#window.min && time <= this.#window.max;
    this.#plot.setCursor({ left: inside ? this.#plot.valToPos(time, 'x') : -10, top: -10 }, false);
  }

  /** hold keeps the crosshair at a time, whatever the pointer does; null lets it go. */
  hold(time: number | null): void {
    this.#held = time;
    if (time !== null) this.#toHeld(time);
  }

  #toHeld(time: number): void {
    this.#plot.setCursor({ left: this.#plot.valToPos(time, 'x'), top: -10 }, false);
  }

  resize(width: number, height: number): void {
    if (width !== this.#plot.width || height !== this.#plot.height) this.#plot.setSize({ width, height });
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #build(): uPlot {
    const drawing = this.#drawing;
    drawing.fit?.(this.#window);
    const { clientWidth, clientHeight } = this.#host;
    return new uPlot(
      {
        width: Math.max(120, clientWidth),
        height: Math.max(80, clientHeight),
        ms: 1,
        padding: [8, margin, 0, 0],
        legend: { show: false },
        series: [...drawing.series],
        bands: [...drawing.bands],
        scales: {
          x: { time: false, range: () => [this.#window.min, this.#window.max] },
          y: {
            distr: drawing.y.log ? 3 : 1,
            range: (_u, min, max) => this.#drawing.y.range(min, max),
          },
        },
        axes: [this.#timeAxis(), this.#valueAxis()],
        cursor: {
          y: false,
          drag: { x: true, y: false, setScale: false, dist: 5 },
          points: { size: 6, width: 0 },
          bind: {
            dblclick: () => () => {
              this.#events.reset();
              return null;
            },
          },
        },
        hooks: {
          ready: [(u) => this.#watch(u)],
          drawAxes: [(u) => this.#paint(u)],
          setCursor: [(u) => this.#pointed(u)],
          setSelect: [(u) => this.#selected(u)],
          setScale: [(_u, key) => key === 'x' && this.#events.shown(this.#window)],
        },
      },
      drawing.data,
      this.#host,
    );
  }

  #timeAxis(): uPlot.Axis {
    let step = 1000;
    return {
      size: 26,
      gap: 6,
      font: '11px system-ui, sans-serif',
      stroke: this.#palette.text,
      grid: { stroke: this.#palette.grid, width: 1 },
      ticks: { show: false },
      splits: (u, _axis, min, max) => {
        const width = u.bbox.width / uPlot.pxRatio;
        const ticks = (room: number) =>
          ticksFor(min, max, Math.max(2, Math.floor(width / room)), this.#origin);
        let found = ticks(62);
        // Labels with seconds need more room.
        if (found.step < 60_000) found = ticks(84);
        step = found.step;
        return found.ticks;
      },
      filter: (_u, splits) => splits,
      values: (u, splits) => {
        const right = u.bbox.width / uPlot.pxRatio + margin;
        // A label that does not fit beside the last tick is none.
        return tickLabels(splits, step, this.#origin).map((label, i) =>
          u.valToPos(splits[i]!, 'x') + label.length * 3.2 > right ? '' : label,
        );
      },
    };
  }

  #valueAxis(): uPlot.Axis {
    return {
      size: gutter,
      gap: 8,
      font: '11px system-ui, sans-serif',
      stroke: this.#palette.text,
      grid: { show: this.#drawing.y.grid, stroke: this.#palette.grid, width: 1 },
      ticks: { show: false },
      splits: (u, _axis, min, max) =>
        this.#drawing.y.ticks(
          min,
          max,
          Math.max(2, Math.floor(u.bbox.height / uPlot.pxRatio / (this.#drawing.y.log ? 20 : 34))),
        ),
      filter: (_u, splits) => splits,
      values: (_u, splits) => this.#drawing.y.labels(splits),
    };
  }

  #paint(u: uPlot): void {
    const { width, height } = u.bbox;
    if (width < 1 || height < 1) return;
    const picture = this.#drawing.picture?.(this.#window, Math.round(width), Math.round(height));
    if (picture) paint(u, picture, this.#palette.surface);
  }

  /** #watch knows whether the pointer is in this chart: uPlot reports its cursor for many other reasons too. */
  #watch(u: uPlot): void {
    u.over.addEventListener('mouseenter', () => {
      this.#hovered = true;
    });
    // A drag ends in a click too, at another place than it began.
    let pressed = 0;
    u.over.addEventListener('mousedown', ({ clientX }) => {
      pressed = clientX;
    });
    u.over.addEventListener('click', ({ clientX, detail }) => {
      if (Math.abs(clientX - pressed) < 5 && detail === 1) this.#events.click();
    });
    u.over.addEventListener('mouseleave', () => {
      this.#hovered = false;
      this.#events.point(null);
    });
  }

  #pointed(u: uPlot): void {
    if (this.#held !== null) {
      this.#toHeld(this.#held);
      return;
    }
    const { left = -1, top = -1 } = u.cursor;
    if (!this.#hovered || left < 0) return;
    this.#events.point({ time: u.posToVal(left, 'x'), y: u.posToVal(top, 'y'), left: left + gutter, top });
  }

  #selected(u: uPlot): void {
    const { left, width } = u.select;
    if (width < 1) return;
    const window = { min: u.posToVal(left, 'x'), max: u.posToVal(left + width, 'x') };
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#events.zoom(window);
  }
}
