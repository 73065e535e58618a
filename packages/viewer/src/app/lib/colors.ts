/** Theme: the two looks of the app. */
export type Theme = 'dark' | 'light';

/** Palette: the colours that charts need, for one theme. All pairs of neighbours differ in lightness too. */
export interface Palette {
  readonly text: string;
  readonly grid: string;
  readonly surface: string;
  /** The line of a chart that has one. */
  readonly line: string;
  /** Lines of a chart that has several, in turn. After Okabe and Ito, and Tol: safe for colour-blind readers. */
  readonly lines: readonly string[];
  /** The percentiles from the lowest to the highest. */
  readonly percentiles: readonly string[];
  /** Stops of the scale of per-device heatmaps, from none to most. */
  readonly devices: readonly string[];
  /** Stops of the scale of bucket heatmaps. */
  readonly buckets: readonly string[];
  /** Captures in turn, the base first. */
  readonly captures: readonly string[];
  /** Stops of the scale of differences, from less to more; none is in the middle. */
  readonly differences: readonly string[];
}

/** palettes: the palette of each theme. The scales start near the card's surface, so that idle stays quiet. */
export const palettes: Readonly<Record<Theme, Palette>> = {
  dark: {
    text: '#98a1a9',
    grid: '#262b30',
    surface: '#16191c',
    line: '#5cc3d6',
    lines: ['#5cc3d6', '#f0934a', '#d6c957', '#e887b0', '#4fb286', '#a896e8', '#b9c2ca', '#d9694f'],
    percentiles: ['#5b8fd9', '#46b8b0', '#b8c74f', '#f0a03c', '#ec6a7c'],
    devices: ['#1c2431', '#1f3f61', '#1c647e', '#1f8a86', '#45ae74', '#9ccb58', '#f3e45c'],
    captures: ['#5cc3d6', '#f0934a', '#d6c957', '#e887b0', '#4fb286', '#a896e8', '#b9c2ca', '#d9694f'],
    differences: ['#7cc4ff', '#3f83c4', '#2a4a6b', '#1d2126', '#6b4320', '#c4762f', '#ffb870'],
    buckets: ['#211a2c', '#411b52', '#701f60', '#a52c5a', '#d6473f', '#f17b24', '#fbb634', '#fcf3a3'],
  },
  light: {
    text: '#57606a',
    grid: '#e6e8ea',
    surface: '#ffffff',
    line: '#0f7a93',
    lines: ['#0f7a93', '#c2560c', '#8a7a00', '#b03571', '#1d7a4f', '#6650b8', '#5d6770', '#9c2f1c'],
    percentiles: ['#2f64b3', '#0e8078', '#748000', '#c06a00', '#c22f48'],
    devices: ['#eef3f6', '#c5e0e0', '#8cc9c4', '#4daab0', '#2b8397', '#2b5a7d', '#2c2f5e'],
    captures: ['#0f7a93', '#c2560c', '#8a7a00', '#b03571', '#1d7a4f', '#6650b8', '#5d6770', '#9c2f1c'],
    differences: ['#0b4f86', '#3b86c0', '#a9cde6', '#f7f8f9', '#f3c9a2', '#d0741f', '#8a3f00'],
    buckets: ['#fdf3df', '#fcd49a', '#f9a862', '#ee7148', '#cf4252', '#9c2964', '#641b66', '#2f1149'],
  },
};

/** parseColor: red, green and blue (0..255) of `#rrggbb`. */
export function parseColor(color: string): [number, number, number] {
  const n = Number.parseInt(color.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** fade: `#rrggbb` with an opacity of 0..1. */
export function fade(color: string, opacity: number): string {
  return `rgba(${parseColor(color).join(', ')}, ${opacity})`;
}

/** colorTable: 256 opaque pixels (as ImageData lays them out on little-endian machines) between `stops`. */
export function colorTable(stops: readonly string[]): Uint32Array {
  const colors = stops.map(parseColor);
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (colors.length - 1);
    const low = Math.min(Math.floor(at), colors.length - 2);
    const [r, g, b] = colors[low]!.map((from, c) =>
      Math.round(from + (colors[low + 1]![c]! - from) * (at - low)),
    ) as [number, number, number];
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

/** contrast: the WCAG 2 contrast ratio of two colours, 1..21. */
export function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [r, g, b] = parseColor(color).map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
