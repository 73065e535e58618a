import type uPlot from 'uplot';
import type { Picture } from './drawing.ts';

/** paint stretches `picture` over the plotting area without smoothing, so that a cell keeps its edges. */
export function paint(u: uPlot, { width, height, pixels, ruled }: Picture, background: string): void {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  u.ctx.save();
  u.ctx.imageSmoothingEnabled = false;
  u.ctx.drawImage(canvas, u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  if (ruled) rule(u, height, background);
  u.ctx.restore();
}

/** rule draws hairlines between rows that are tall enough for them. */
function rule(u: uPlot, rows: number, color: string): void {
  const { left, top, width, height } = u.bbox;
  const pitch = height / rows;
  if (pitch < 8) return;
  u.ctx.fillStyle = color;
  for (let row = 1; row < rows; row++) u.ctx.fillRect(left, Math.round(top + row * pitch), width, 1);
}
