import {
  autocompletion,
  type CompletionContext,
  closeBrackets,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, linter, lintKeymap } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { parse } from '@rezolus/query';
import { offsetOf, positionOf } from '../lib/query-page.ts';
import { catalogClient } from './client.ts';

/** EditorHandle: a PromQL editor in the page. */
export interface EditorHandle {
  /** show replaces the text where it differs. */
  show(text: string): void;
  /** goTo puts the caret at an offset. */
  goTo(offset: number): void;
  focus(): void;
  destroy(): void;
}

/** EditorOptions: what an editor begins with and whom it tells. */
export interface EditorOptions {
  readonly text: string;
  readonly placeholder: string;
  /** The capture whose names are offered. */
  readonly capture: () => string | undefined;
  readonly change: (text: string) => void;
  readonly run: () => void;
}

const own = [
  ['histogram_quantiles', 'histogram_quantiles([0.5, 0.99], latency): quantiles of what was added per step'],
  ['histogram_mean', 'mean of what was added per step'],
  ['histogram_sum', 'sum of what was added per step'],
  ['histogram_irate', 'events per second of a histogram'],
  ['histogram_heatmap', 'counts per bucket and step'],
] as const;

/** complete offers the functions that this engine has beside those of Prometheus. */
function complete(context: CompletionContext) {
  const word = context.matchBefore(/\w+/);
  if (!word || !'histogram_'.startsWith(word.text.slice(0, 10))) return null;
  return {
    from: word.from,
    options: own.map(([label, detail]) => ({ label, info: detail, type: 'function' })),
  };
}

/** lint asks the parser of the engine itself, so that editor and server agree. */
function lint(view: EditorView): Diagnostic[] {
  const text = view.state.doc.toString();
  if (text.trim() === '') return [];
  try {
    parse(text);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = positionOf(message);
    // What is missing at the end is marked at the last character.
    const from = Math.min(position ? offsetOf(text, position) : 0, text.length - 1);
    return [{ from, to: from + 1, severity: 'error', message }];
  }
}

const colors = HighlightStyle.define([
  { tag: [tags.function(tags.variableName), tags.operatorKeyword, tags.modifier], color: 'var(--brand)' },
  { tag: [tags.string], color: 'var(--ok)' },
  { tag: [tags.number], color: 'var(--danger)' },
  { tag: [tags.labelName], color: 'var(--fg-2)' },
  { tag: [tags.comment], color: 'var(--fg-3)' },
]);

const looks = EditorView.theme({
  '&': { color: 'var(--fg)', fontSize: '12px', minHeight: '90px', maxHeight: '40vh' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '18px', overflow: 'auto' },
  '.cm-content': { padding: '10px 12px', caretColor: 'var(--fg)' },
  '.cm-line': { padding: '0' },
  '.cm-placeholder': { color: 'var(--fg-3)' },
  '.cm-tooltip': { color: 'var(--fg)', background: 'var(--raised)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { color: 'var(--fg)', background: 'var(--brand-soft)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--brand-soft)' },
});

/**
 * createEditor: a PromQL editor in `host`. It lives in a shadow root, where its styles are constructed sheets: the page's
 * Content-Security-Policy allows no style elements.
 */
export function createEditor(host: HTMLElement, options: EditorOptions): EditorHandle {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const promql = new PromQLExtension()
    .activateLinter(false)
    .setComplete({ remote: catalogClient(options.capture) });
  const run = () => {
    options.run();
    return true;
  };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
        keymap.of([...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap]),
        history(),
        closeBrackets(),
        bracketMatching(),
        autocompletion(),
        promql.asExtension(),
        EditorState.languageData.of(() => [{ autocomplete: complete }]),
        linter(lint),
        syntaxHighlighting(colors),
        looks,
        placeholder(options.placeholder),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': 'PromQL query', autocapitalize: 'off' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.change(update.state.doc.toString());
        }),
      ],
    }),
  });
  // The page's own keys are not for those who type.
  const keep = (event: Event) => event.stopPropagation();
  host.addEventListener('keydown', keep);
  return {
    show(text) {
      const now = view.state.doc;
      if (text !== now.toString()) view.dispatch({ changes: { from: 0, to: now.length, insert: text } });
    },
    goTo(offset) {
      view.focus();
      const anchor = Math.min(offset, view.state.doc.length);
      view.dispatch({ selection: { anchor }, scrollIntoView: true });
    },
    focus: () => view.focus(),
    destroy() {
      host.removeEventListener('keydown', keep);
      promql.destroy();
      view.destroy();
    },
  };
}
