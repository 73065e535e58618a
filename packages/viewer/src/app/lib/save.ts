import { palettes, type Theme } from './colors.ts';

/** saveBlob: hands `blob` to the browser as a download. */
function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** saveText: a download of `text`. */
export function saveText(text: string, name: string, type: string): void {
  saveBlob(new Blob([text], { type: `${type};charset=utf-8` }), name);
}

/** savePicture: a download of what `canvas` shows, on the card's ground and below its title. */
export function savePicture(canvas: HTMLCanvasElement, title: string, theme: Theme, name: string): void {
  titled(canvas, title, theme).toBlob((blob) => blob && saveBlob(blob, name), 'image/png');
}

/** titled: a copy of `canvas` with a title above it. */
export function titled(canvas: HTMLCanvasElement, title: string, theme: Theme): HTMLCanvasElement {
  const ratio = devicePixelRatio;
  const room = 28 * ratio;
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height + room;
  const context = copy.getContext('2d')!;
  context.fillStyle = palettes[theme].surface;
  context.fillRect(0, 0, copy.width, copy.height);
  context.fillStyle = palettes[theme].text;
  context.font = `600 ${13 * ratio}px system-ui, sans-serif`;
  context.fillText(title, 12 * ratio, 19 * ratio, copy.width - 24 * ratio);
  context.drawImage(canvas, 0, room);
  return copy;
}
