import { type Assertion, parseRegex, RegexError, type RegexNode } from './parse.ts';
import type { Ranges } from './ranges.ts';

/** Regex: an anchored pattern: it has to match the whole text. Time is at most text length × pattern size. */
export interface Regex {
  readonly groupNames: readonly string[];
  test(text: string): boolean;
  /** match: start and end of each group as offsets into the code points of `text`, -1 = not taken; null = no match. */
  match(text: string): (readonly string[] & { readonly taken: readonly boolean[] }) | null;
}

type Instruction =
  | { op: 'chars'; ranges: Ranges; next: number }
  | { op: 'split'; first: number; second: number }
  | { op: 'save'; slot: number; next: number }
  | { op: 'assert'; assertion: Assertion; next: number }
  | { op: 'match' };

const maxProgram = 10_000;
const cacheSize = 200;
const cache = new Map<string, Regex>();

/**
 * compileRegex: a pattern as a Thompson automaton, simulated in lock step (no backtracking, so no pattern is slow).
 * Compiled patterns are kept. Throws RegexError for bad or unsupported syntax and for programs above 10,000 steps.
 */
export function compileRegex(pattern: string): Regex {
  let regex = cache.get(pattern);
  if (regex === undefined) {
    regex = build(pattern);
    if (cache.size >= cacheSize) cache.delete(cache.keys().next().value!);
    cache.set(pattern, regex);
  }
  return regex;
}

function build(pattern: string): Regex {
  const { root, groupNames } = parseRegex(pattern);
  const program = compile(root);
  const words = literals(root);
  const run = (text: string) => simulate(program, text, groupNames.length);
  const shortcut =
    words !== null
      ? (text: string) => words.has(text)
      : pattern === '.*'
        ? () => true
        : pattern === '.+'
          ? (text: string) => text !== ''
          : undefined;
  return {
    groupNames,
    test: shortcut ?? ((text) => simulate(program, text, 0) !== null),
    match(text) {
      const slots = run(text);
      if (slots === null) return null;
      const points = Array.from(text);
      const taken = groupNames.map((_, i) => slots[2 * i]! >= 0 && slots[2 * i + 1]! >= 0);
      const groups = groupNames.map((_, i) =>
        taken[i] ? points.slice(slots[2 * i], slots[2 * i + 1]).join('') : '',
      );
      return Object.assign(groups, { taken });
    },
  };
}

/** The texts that a pattern of plain words (`a|b|c`) matches, or null for any other pattern. */
function literals(node: RegexNode): Set<string> | null {
  if (node.kind === 'capture') return literals(node.body);
  if (node.kind === 'alternate') {
    const words = node.parts.map(word);
    return words.every((each) => each !== null) ? new Set(words) : null;
  }
  const only = word(node);
  return only === null ? null : new Set([only]);
}

function word(node: RegexNode): string | null {
  if (node.kind === 'empty') return '';
  if (node.kind === 'chars')
    return node.ranges.length === 2 && node.ranges[0] === node.ranges[1]
      ? String.fromCodePoint(node.ranges[0]!)
      : null;
  if (node.kind !== 'concat') return null;
  const chars = node.parts.map((part) => (part.kind === 'chars' ? word(part) : null));
  return chars.every((char) => char !== null) ? chars.join('') : null;
}

function compile(root: RegexNode): Instruction[] {
  const program: Instruction[] = [];
  const emit = (instruction: Instruction): number => {
    if (program.length >= maxProgram) throw new RegexError('expression too large');
    return program.push(instruction) - 1;
  };
  // Built from the end: every node knows the instruction that follows it.
  const node = (part: RegexNode, next: number): number => {
    switch (part.kind) {
      case 'empty':
        return next;
      case 'chars':
        return emit({ op: 'chars', ranges: part.ranges, next });
      case 'assert':
        return emit({ op: 'assert', assertion: part.assertion, next });
      case 'capture': {
        const close = emit({ op: 'save', slot: 2 * part.index + 1, next });
        return emit({ op: 'save', slot: 2 * part.index, next: node(part.body, close) });
      }
      case 'concat':
        return part.parts.reduceRight((following, each) => node(each, following), next);
      case 'alternate':
        return part.parts.reduceRight(
          (second, each) =>
            second < 0 ? node(each, next) : emit({ op: 'split', first: node(each, next), second }),
          -1,
        );
      case 'repeat': {
        const branch = (body: number, after: number) =>
          part.greedy ? { first: body, second: after } : { first: after, second: body };
        let following = next;
        if (part.max === Number.POSITIVE_INFINITY) {
          const loop = { op: 'split' as const, first: 0, second: 0 };
          following = emit(loop);
          Object.assign(loop, branch(node(part.body, following), next));
        } else
          for (let i = part.min; i < part.max; i++)
            following = emit({ op: 'split', ...branch(node(part.body, following), next) });
        for (let i = 0; i < part.min; i++) following = node(part.body, following);
        return following;
      }
    }
  };
  const end = emit({ op: 'match' });
  const start = node(root, end);
  // The entry is a save of slot 0, so that the program always starts at its last instruction.
  emit({ op: 'save', slot: 0, next: start });
  return program;
}

interface Thread {
  readonly at: number;
  readonly slots: readonly number[];
}

/** The capture slots of the match, or null; `groups` = 0 keeps none. */
function simulate(program: readonly Instruction[], text: string, groups: number): readonly number[] | null {
  const points = Array.from(text, (char) => char.codePointAt(0)!);
  const seen = new Int32Array(program.length).fill(-1);
  const follow = (threads: Thread[], start: number, slots: readonly number[], position: number) => {
    const stack: Thread[] = [{ at: start, slots }];
    while (stack.length > 0) {
      const thread = stack.pop()!;
      if (seen[thread.at] === position) continue;
      seen[thread.at] = position;
      const instruction = program[thread.at]!;
      if (instruction.op === 'split')
        stack.push(
          { at: instruction.second, slots: thread.slots },
          { at: instruction.first, slots: thread.slots },
        );
      else if (instruction.op === 'save') {
        const kept = instruction.slot < 2 * groups;
        stack.push({
          at: instruction.next,
          slots: kept ? thread.slots.with(instruction.slot, position) : thread.slots,
        });
      } else if (instruction.op === 'assert') {
        if (holds(instruction.assertion, points, position))
          stack.push({ at: instruction.next, slots: thread.slots });
      } else threads.push(thread);
    }
  };
  let threads: Thread[] = [];
  follow(threads, program.length - 1, new Array<number>(2 * groups).fill(-1), 0);
  for (let position = 0; position < points.length && threads.length > 0; position++) {
    const next: Thread[] = [];
    for (const thread of threads) {
      const instruction = program[thread.at]!;
      if (instruction.op === 'chars' && contains(instruction.ranges, points[position]!))
        follow(next, instruction.next, thread.slots, position + 1);
    }
    threads = next;
  }
  const match = threads.find((thread) => program[thread.at]!.op === 'match');
  if (match === undefined) return null;
  return groups === 0 ? match.slots : match.slots.with(1, points.length);
}

function contains(ranges: Ranges, point: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) if (point >= ranges[i]! && point <= ranges[i + 1]!) return true;
  return false;
}

function holds(assertion: Assertion, points: readonly number[], position: number): boolean {
  switch (assertion) {
    case 'begin':
      return position === 0;
    case 'end':
      return position === points.length;
    case 'lineBegin':
      return position === 0 || points[position - 1] === 10;
    case 'lineEnd':
      return position === points.length || points[position] === 10;
    default: {
      const isBoundary = isWord(points[position - 1]) !== isWord(points[position]);
      return (assertion === 'word') === isBoundary;
    }
  }
}

function isWord(point: number | undefined): boolean {
  return point !== undefined && /^\w$/.test(String.fromCodePoint(point));
}
