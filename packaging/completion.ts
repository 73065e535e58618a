import type { CommandDoc, Flag } from './commands.ts';

/** Names that a shell script may hold without quotes; everything else is a bug of a command. */
const word = /^[A-Za-z0-9][\w.-]*$/;

const commandLine = ({ words }: CommandDoc) => words.join(' ');
const long = ({ name }: Flag) => `--${name}`;
const spellings = (flag: Flag) => [...(flag.char === undefined ? [] : [`-${flag.char}`]), long(flag)];

function checked(commands: readonly CommandDoc[]): readonly CommandDoc[] {
  const names = commands.flatMap(({ words, flags }) => [
    ...words,
    ...flags.flatMap(({ name, choices }) => [name, ...choices]),
  ]);
  const wrong = names.find((name) => !word.test(name));
  if (wrong !== undefined) throw new Error(`"${wrong}" cannot be completed by a shell`);
  return commands;
}

/** The words that may follow each sequence of command words, the empty sequence first. */
function tree(commands: readonly CommandDoc[]): Map<string, Set<string>> {
  const next = new Map<string, Set<string>>([['', new Set()]]);
  for (const { words } of commands) {
    for (const [depth, name] of words.entries()) {
      const before = words.slice(0, depth).join(' ');
      if (!next.has(before)) next.set(before, new Set());
      next.get(before)!.add(name);
    }
  }
  return next;
}

/** bashCompletion: a script for /usr/share/bash-completion/completions: commands, flags, their choices, else files. */
export function bashCompletion(commands: readonly CommandDoc[]): string {
  const next = tree(checked(commands));
  const groups = [...next].filter(([before]) => before !== '');
  const known = [...next].flatMap(([before, words]) =>
    [...words].map((name) => `"${`${before} ${name}`.trim()}"`),
  );
  const choices = commands.flatMap((command) =>
    command.flags
      .filter((flag) => flag.choices.length > 0)
      .map((flag) => {
        const patterns = spellings(flag).map((spelling) => `"${commandLine(command)} ${spelling}"`);
        return `    ${patterns.join('|')}) COMPREPLY=($(compgen -W "${flag.choices.join(' ')}" -- "$current")); return ;;`;
      }),
  );
  const flags = commands.map(
    (command) =>
      `    "${commandLine(command)}") flags="${[...command.flags.map(long), '--help'].join(' ')}" ;;`,
  );
  return `# bash completion for rezolus
_rezolus() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" flags="--help --version" word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${command:+$command }$word" in
    ${known.join('|')}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command $previous" in
${[...choices, '    *) ;;'].join('\n')}
  esac
  case "$command" in
    "") [[ $current == -* ]] || { COMPREPLY=($(compgen -W "${[...next.get('')!].join(' ')}" -- "$current")); return; } ;;
${groups.map(([before, words]) => `    "${before}") COMPREPLY=($(compgen -W "${[...words].join(' ')}" -- "$current")); return ;;`).join('\n')}
${flags.join('\n')}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _rezolus rezolus
`;
}

/** zshCompletion: the function _rezolus for a folder of zsh's fpath. */
export function zshCompletion(commands: readonly CommandDoc[]): string {
  const next = tree(checked(commands));
  const summaries = new Map(commands.map((command) => [commandLine(command), command.summary]));
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const plain = (text: string) => text.replace(/[[\]:\\]/g, ' ').replace(/\s+/g, ' ');
  const describe = ([before, words]: readonly [string, ReadonlySet<string>]) => {
    const items = [...words].map((name) =>
      quoted(`${name}:${plain(summaries.get(`${before} ${name}`.trim()) ?? name)}`),
    );
    return `    ${quoted(before)})\n      local -a names=(${items.join(' ')})\n      _describe command names ;;`;
  };
  const argument = (flag: Flag) => {
    const value = flag.choices.length > 0 ? `(${flag.choices.join(' ')})` : '_files';
    const takes = flag.value === undefined ? '' : `:${plain(flag.value)}:${value}`;
    return spellings(flag).map((spelling) => quoted(`${spelling}[${plain(flag.description)}]${takes}`));
  };
  const options = commands.map(
    (command) =>
      `    ${quoted(commandLine(command))})\n      _arguments ${command.flags.flatMap(argument).join(' ')} '*:file:_files' ;;`,
  );
  return `#compdef rezolus
_rezolus() {
  local command="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${command:+$command }$word" in
    ${[...next].flatMap(([before, words]) => [...words].map((name) => quoted(`${before} ${name}`.trim()))).join('|')}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command" in
${[...next].map(describe).join('\n')}
${options.join('\n')}
  esac
}
_rezolus "$@"
`;
}

/** fishCompletion: a script for /usr/share/fish/vendor_completions.d. */
export function fishCompletion(commands: readonly CommandDoc[]): string {
  const next = tree(checked(commands));
  const summaries = new Map(commands.map((command) => [commandLine(command), command.summary]));
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const seen = (words: readonly string[]) => words.map((name) => `__fish_seen_subcommand_from ${name}`);
  const lines = [...next].flatMap(([before, words]) => {
    const path = before.split(' ').filter((name) => name !== '');
    const condition = [...seen(path), `not __fish_seen_subcommand_from ${[...words].join(' ')}`].join(
      '; and ',
    );
    return [...words].map((name) => {
      const summary = summaries.get([...path, name].join(' '));
      return `complete -c rezolus -f -n ${quoted(condition)} -a ${name}${summary === undefined ? '' : ` -d ${quoted(summary)}`}`;
    });
  });
  const options = commands.flatMap(({ words, flags }) =>
    flags.map((flag) =>
      [
        `complete -c rezolus -n ${quoted(seen(words).join('; and '))} -l ${flag.name}`,
        ...(flag.char === undefined ? [] : [`-s ${flag.char}`]),
        ...(flag.value === undefined ? [] : ['-r']),
        ...(flag.choices.length === 0 ? [] : [`-f -a ${quoted(flag.choices.join(' '))}`]),
        `-d ${quoted(flag.description)}`,
      ].join(' '),
    ),
  );
  return ['# fish completion for rezolus', ...lines, ...options, ''].join('\n');
}
