/**
 * lineOfKey: the 1-based line of a TOML text where the key at `path` is written, else the line of its nearest
 * written parent, else 1. Reads `[section]` headers, `[[arrays]]` and dotted keys; values are not looked into.
 */
export function lineOfKey(text: string, path: readonly string[]): number {
  let section: string[] = [];
  let best = { line: 1, depth: 0 };
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const header = /^\[\[?([^\]]+)\]\]?\s*(?:#.*)?$/.exec(line);
    const assignment = /^((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/.exec(line);
    let keys: string[];
    if (header !== null) keys = section = splitKey(header[1]!);
    else if (assignment !== null) keys = [...section, ...splitKey(assignment[1]!)];
    else continue;
    const depth = commonPrefix(keys, path);
    if (depth > best.depth && (depth === path.length || depth === keys.length))
      best = { line: index + 1, depth };
  }
  return best.line;
}

function splitKey(text: string): string[] {
  const parts = text.match(/"[^"]*"|'[^']*'|[^.\s]+/g) ?? [];
  return parts.map((part) => part.replace(/^["']|["']$/g, ''));
}

function commonPrefix(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
