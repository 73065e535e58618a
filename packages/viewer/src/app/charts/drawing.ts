import type uPlot from 'uplot';
import type { Plot, RangeReply } from '../../contract.ts';
import type { Palette } from '../lib/colors.ts';
import type { Drawn } from '../lib/plot-query.ts';
import type { Window } from '../lib/zoom.ts';

/** Subject: what a chart is asked to draw. */
export interface Subject {
  readonly plot: Plot;
  readonly reply: RangeReply;
  readonly drawn: Drawn;
  /** The step of the query, ms. */
  readonly step: number;
  readonly palette: Palette;
  /** Of the series, where they are not the palette's. */
  readonly colors?: readonly string[] | undefined;
}

/** Entry: one series of a legend. */
export interface Entry {
  readonly name: string;
  readonly color: string;
}

/** YAxis: how a drawing uses the height of the chart. */
export interface YAxis {
  readonly log: boolean;
  readonly grid: boolean;
  /** The range for the extremes of the visible data (null where none is visible). */
  range(min: number | null, max: number | null): [number, number];
  /** Ticks for a range and room for about `count` of them. */
  ticks(min: number, max: number, count: number): number[];
  labels(ticks: readonly number[]): string[];
}

/** Drawing: a subject in uPlot's terms. Two drawings of equal `signature` replace each other in place. */
export interface Drawing {
  readonly signature: string;
  readonly data: uPlot.AlignedData;
  readonly series: readonly uPlot.Series[];
  readonly bands: readonly uPlot.Band[];
  readonly y: YAxis;
  /** The series that belong to legend entry `entry`, as indices into `series`. */
  members(entry: number): readonly number[];
  /** fit lets a drawing take in the window before its y range is asked for. */
  fit?(window: Window): void;
  /** picture: pixels of its own for the plotting area of `width` × `height` device pixels. */
  picture?(window: Window, width: number, height: number): Picture;
}

/** Picture: pixels that are stretched over the plotting area, as ImageData lays them out. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array<ArrayBuffer>;
  /** Whether each line of pixels is a row of its own, to be set off from its neighbours. */
  readonly ruled: boolean;
}
