/** Mark: an element of rendered Markdown, or text. Only these tags occur, and no attribute but `href`. */
export type Mark =
  | string
  | {
      readonly tag:
        | 'h2'
        | 'h3'
        | 'h4'
        | 'p'
        | 'ul'
        | 'ol'
        | 'li'
        | 'pre'
        | 'blockquote'
        | 'strong'
        | 'em'
        | 'code'
        | 'a';
      readonly href?: string;
      readonly children: readonly Mark[];
    };

/**
 * markdown: the part of Markdown that notes need: headings, paragraphs, lists, quotes, fenced code; bold, italic, code and
 * links to http, https, mailto and places in this app. Everything else, HTML included, is text.
 */
export function markdown(text: string): Mark[] {
  const lines = text.slice(0, 100_000).split(/\r\n?|[\n\u2028\u2029]/);
  const marks: Mark[] = [];
  for (let i = 0; i < lines.length; ) {
    const take = (pattern: RegExp) => {
      const taken: string[] = [];
      for (let match = pattern.exec(lines[i] ?? ''); match; match = pattern.exec(lines[++i] ?? '')) {
        taken.push(match[1]!);
      }
      return taken;
    };
    const line = lines[i]!;
    const heading = /^(#{1,3})\s+(.*)$/.exec(line);
    if (line.trim() === '') i++;
    else if (heading) {
      const tag = (['h2', 'h3', 'h4'] as const)[heading[1]!.length - 1]!;
      marks.push({ tag, children: inline(heading[2]!) });
      i++;
    } else if (line.startsWith('```')) {
      const end = lines.indexOf('```', i + 1);
      const code = lines.slice(i + 1, end < 0 ? undefined : end);
      marks.push({ tag: 'pre', children: [code.join('\n')] });
      i = end < 0 ? lines.length : end + 1;
    } else if (/^[-*]\s+/.test(line)) marks.push({ tag: 'ul', children: take(/^[-*]\s+(.*)$/).map(item) });
    else if (/^\d+\.\s+/.test(line)) marks.push({ tag: 'ol', children: take(/^\d+\.\s+(.*)$/).map(item) });
    else if (/^>/.test(line))
      marks.push({ tag: 'blockquote', children: inline(take(/^>\s?(.*)$/).join(' ')) });
    else {
      i++;
      const more = take(/^(?![-*>#]\s|\d+\.\s|```)(\s*\S.*)$/);
      marks.push({ tag: 'p', children: inline([line, ...more].join(' ')) });
    }
  }
  return marks;
}

const item = (text: string): Mark => ({ tag: 'li', children: inline(text) });

const span =
  /`([^`]{1,300})`|\*\*([^*]{1,300})\*\*|\*([^*\s][^*]{0,300})\*|\[([^\][]{1,300})\]\(((?:https?:\/\/|mailto:|#\/)[^\s)]{0,2000})\)/;

/** inline: what is within a line. Each step takes one match and never looks back, so with spans of limited length it is linear. */
function inline(text: string): Mark[] {
  const marks: Mark[] = [];
  let rest = text;
  for (let match = span.exec(rest); match; match = span.exec(rest)) {
    if (match.index > 0) marks.push(rest.slice(0, match.index));
    const [whole, code, bold, italic, label, href] = match;
    if (code !== undefined) marks.push({ tag: 'code', children: [code] });
    else if (bold !== undefined) marks.push({ tag: 'strong', children: [bold] });
    else if (italic !== undefined) marks.push({ tag: 'em', children: [italic] });
    else marks.push({ tag: 'a', href: href!, children: [label!] });
    rest = rest.slice(match.index + whole.length);
  }
  if (rest !== '') marks.push(rest);
  return marks;
}

/** escapeHtml: `text` as text of an HTML document or of an attribute in double quotes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (char) => entities[char]!);
}

/** htmlOf: marks as HTML. */
export function htmlOf(marks: readonly Mark[]): string {
  return marks
    .map((mark) => {
      if (typeof mark === 'string') return escapeHtml(mark);
      const href = mark.href === undefined ? '' : ` href="${escapeHtml(mark.href)}" rel="noreferrer"`;
      return `<${mark.tag}${href}>${htmlOf(mark.children)}</${mark.tag}>`;
    })
    .join('');
}
