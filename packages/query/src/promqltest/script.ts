import { parseNumber } from '../duration.ts';

/** Load: series with their points, one per interval. */
export interface Load {
  readonly kind: 'load';
  readonly line: number;
  readonly intervalMs: number;
  readonly nhcb: boolean;
  readonly series: readonly string[];
}

/** Expectation: an `expect` line: its type, how it matches and the text. */
export interface Expectation {
  readonly type: string;
  readonly match: 'msg' | 'regex' | null;
  readonly text: string;
}

/** Evaluation: a query and what it has to give. */
export interface Evaluation {
  readonly kind: 'eval';
  readonly line: number;
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 for an instant query. */
  readonly stepMs: number;
  readonly expectations: readonly Expectation[];
  readonly results: readonly string[];
}

/** Command: one step of a script. `unknown` keeps lines that this runner does not have. */
export type Command =
  | Load
  | Evaluation
  | { readonly kind: 'clear'; readonly line: number }
  | { readonly kind: 'unknown'; readonly line: number; readonly text: string };

const milliseconds = (text: string) => Math.round(parseNumber(text) * 1000);

/** parseScript: the commands of a promqltest script. */
export function parseScript(script: string): Command[] {
  const commands: Command[] = [];
  const lines = script.split('\n');
  for (let i = 0; i < lines.length; ) {
    const line = i + 1;
    const text = lines[i]!.trim();
    i++;
    if (text === '' || text.startsWith('#')) continue;
    const block: string[] = [];
    // A block ends at the next empty line.
    const takeBlock = () => {
      for (; i < lines.length && lines[i]!.trim() !== ''; i++)
        if (!lines[i]!.trim().startsWith('#')) block.push(lines[i]!.trim());
    };
    const load = /^load(_with_nhcb)?\s+(\S+)$/.exec(text);
    const instant = /^eval(?:_(fail|warn|info|ordered))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$/.exec(text);
    const range =
      /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/.exec(text);
    if (text === 'clear') commands.push({ kind: 'clear', line });
    else if (load !== null) {
      takeBlock();
      const nhcb = load[1] !== undefined;
      commands.push({ kind: 'load', line, intervalMs: milliseconds(load[2]!), nhcb, series: block });
    } else if (range !== null || instant !== null) {
      takeBlock();
      const times =
        range !== null
          ? {
              startMs: milliseconds(range[2]!),
              endMs: milliseconds(range[3]!),
              stepMs: milliseconds(range[4]!),
            }
          : { startMs: milliseconds(instant![2] ?? '0'), endMs: milliseconds(instant![2] ?? '0'), stepMs: 0 };
      const query = range !== null ? range[5]! : instant![3]!;
      const deprecated = (range ?? instant)![1];
      const first = deprecated === undefined ? [] : [{ type: deprecated, match: null, text: '' }];
      const expectations = block.filter((each) => /^expect\s/.test(each)).map(parseExpectation);
      commands.push({
        kind: 'eval',
        line,
        query,
        ...times,
        expectations: [...first, ...expectations],
        results: block.filter((each) => !/^expect(ed_fail_\w+)?\s/.test(each)),
      });
    } else {
      takeBlock();
      commands.push({ kind: 'unknown', line, text });
    }
  }
  return commands;
}

function parseExpectation(line: string): Expectation {
  const match = /^expect\s+(range vector|\S+)\s*(?:(msg|regex)\s*:\s*)?(.*)$/.exec(line)!;
  return {
    type: match[1]!,
    match: (match[2] as 'msg' | 'regex' | undefined) ?? null,
    text: match[3]!.trim(),
  };
}
