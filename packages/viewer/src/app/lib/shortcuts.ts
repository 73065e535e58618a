/** Shortcut: what a key does. */
export type Shortcut =
  | 'help'
  | 'reset'
  | 'zoom-in'
  | 'zoom-out'
  | 'pan-left'
  | 'pan-right'
  | 'previous-section'
  | 'next-section'
  | 'step'
  | 'histograms'
  | 'follow'
  | 'theme'
  | 'captures'
  | 'compare'
  | 'difference'
  | 'log'
  | 'statistics'
  | 'hold'
  | 'query'
  | 'metrics'
  | 'notebook';

const shortcuts: Readonly<Record<string, Shortcut>> = {
  '?': 'help',
  Escape: 'reset',
  '0': 'reset',
  '+': 'zoom-in',
  '=': 'zoom-in',
  '-': 'zoom-out',
  ArrowLeft: 'pan-left',
  ArrowRight: 'pan-right',
  '[': 'previous-section',
  ']': 'next-section',
  s: 'step',
  h: 'histograms',
  f: 'follow',
  t: 'theme',
  c: 'captures',
  v: 'compare',
  d: 'difference',
  l: 'log',
  i: 'statistics',
  x: 'hold',
  q: 'query',
  m: 'metrics',
  n: 'notebook',
};

/** KeyPress: what a shortcut is told by; a KeyboardEvent is one. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/**
 * shortcutOf: what `press` on an element of the name `tag` asks for; nothing while someone types, picks from a list or
 * presses a browser's own keys.
 */
export function shortcutOf(press: KeyPress, tag: string): Shortcut | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  if (/^(input|textarea|select|dialog)$/i.test(tag)) return undefined;
  return Object.hasOwn(shortcuts, press.key) ? shortcuts[press.key] : undefined;
}
