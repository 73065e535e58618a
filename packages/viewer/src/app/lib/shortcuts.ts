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
  | 'theme';

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
};

/** shortcutOf: what `event` asks for; nothing while someone types, picks from a list or presses a browser's own keys. */
export function shortcutOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>,
  tag: string,
): Shortcut | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  if (/^(input|textarea|select|dialog)$/i.test(tag)) return undefined;
  return Object.hasOwn(shortcuts, event.key) ? shortcuts[event.key] : undefined;
}
