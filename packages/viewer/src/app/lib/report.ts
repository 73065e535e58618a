import { escapeHtml, htmlOf, markdown } from './markdown.ts';
import type { Notes } from './notebook.ts';

/** Figure: what a pinned chart showed: a data URL of a PNG; null where it was not drawn. */
export type Figure = string | null;

/** reportHtml: a notebook as an HTML document that needs nothing else: pictures are in it, and no script. */
export function reportHtml(notes: Notes, figures: readonly Figure[], about: string): string {
  const entries = notes.entries.map(({ plot, note }, i) => {
    const figure = figures[i];
    const picture = figure ? `<img src="${escapeHtml(figure)}" alt="${escapeHtml(plot.title)}, chart">` : '';
    return `<section><h2>${escapeHtml(plot.title)}</h2>${picture}<code>${escapeHtml(plot.query)}</code>${htmlOf(markdown(note))}</section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(notes.title)}</title>
<style>body{max-width:960px;margin:32px auto;padding:0 16px;font:15px/1.5 system-ui,sans-serif;color:#1b1f23}img{max-width:100%}code{color:#5f6973;overflow-wrap:anywhere}pre{overflow:auto}</style></head>
<body><h1>${escapeHtml(notes.title)}</h1><p>${escapeHtml(about)}</p>${htmlOf(markdown(notes.text))}${entries.join('\n')}</body></html>
`;
}
