import type { CommandDoc } from './commands.ts';

/** ManPage: a page of section 1 by its file name, in the roff language of man(7). */
export interface ManPage {
  readonly file: string;
  readonly text: string;
}

const files = [
  ['/etc/rezolus/agent.toml', 'configuration of the agent, with every key and its default'],
  ['/etc/rezolus/exporter.toml', 'configuration of the exporter'],
  ['/etc/rezolus/hindsight.toml', 'configuration of hindsight'],
  ['/var/lib/rezolus', 'what hindsight and the exporter keep on disk, and installed plugins'],
] as const;

/**
 * manPages: one page per command and `rezolus.1`, which lists them. `version` and `date` (seconds since 1970) go into the
 * headers.
 */
export function manPages(commands: readonly CommandDoc[], version: string, date: number): ManPage[] {
  const day = new Date(date * 1000).toISOString().slice(0, 10);
  const page = (name: string, body: readonly string[]): ManPage => ({
    file: `${name}.1`,
    text: [`.TH ${name.toUpperCase()} 1 ${day} "rezolus ${version}"`, ...body, ''].join('\n'),
  });
  const overview = [
    '.SH NAME',
    'rezolus \\- high\\-resolution performance telemetry of Linux',
    '.SH SYNOPSIS',
    '.B rezolus',
    '.I COMMAND',
    '[\\fIARGUMENT\\fR ...]',
    '.SH COMMANDS',
    ...commands.flatMap(({ words, summary }) => [
      '.TP',
      `\\fB${roff(words.join(' '))}\\fR`,
      roffLines(summary),
    ]),
    '.SH FILES',
    ...files.flatMap(([path, what]) => ['.TP', `.I ${roff(path)}`, roffLines(what)]),
    '.SH SEE ALSO',
    commands.map((command) => `.BR ${roff(pageName(command))} (1)`).join(',\n'),
  ];
  return [page('rezolus', overview), ...commands.map((command) => page(pageName(command), body(command)))];
}

const pageName = ({ words }: CommandDoc): string => ['rezolus', ...words].join('-');

function body(command: CommandDoc): string[] {
  const { words, summary, description, args, flags, examples } = command;
  const usage = args.map(({ name, required }) => (required ? name : `[${name}]`));
  return [
    '.SH NAME',
    `${roff(pageName(command))} \\- ${roff(summary)}`,
    '.SH SYNOPSIS',
    `\\fBrezolus ${roff(words.join(' '))}\\fR ${roff([...usage, ...(flags.length > 0 ? ['[OPTION ...]'] : [])].join(' '))}`,
    ...section('DESCRIPTION', description === '' ? [] : [paragraphs(description)]),
    ...section(
      'ARGUMENTS',
      args.flatMap(({ name, description }) => ['.TP', `\\fI${roff(name)}\\fR`, roffLines(description)]),
    ),
    ...section(
      'OPTIONS',
      flags.flatMap(({ name, char, value, choices, description }) => {
        const short = char === undefined ? '' : `\\fB\\-${char}\\fR, `;
        const long = `\\fB\\-\\-${roff(name)}\\fR${value === undefined ? '' : ` \\fI${roff(value)}\\fR`}`;
        const text = choices.length === 0 ? description : `${description} (${choices.join(', ')})`;
        return ['.TP', short + long, roffLines(text)];
      }),
    ),
    ...section(
      'EXAMPLES',
      examples.flatMap(({ description, command }) => [
        ...(description === undefined ? [] : ['.PP', roffLines(description)]),
        '.PP',
        '.EX',
        `  ${roff(command)}`,
        '.EE',
      ]),
    ),
    '.SH SEE ALSO',
    '.BR rezolus (1)',
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

function paragraphs(text: string): string {
  return text
    .trim()
    .split(/\n{2,}/)
    .map(roffLines)
    .join('\n.PP\n');
}

/** Text that may be several lines; one that begins with a dot or an apostrophe would be a request. */
function roffLines(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => roff(line.trim()).replace(/^(?=[.'])/, '\\&'))
    .join('\n');
}

/** What is not ASCII is written by its number, as not every roff reads UTF-8 (groff_char(7)). */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\x00-\x7f]/gu,
      (char) => `\\[u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
