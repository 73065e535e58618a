import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config, type Plugin, settings } from '@oclif/core';

/** Flag: an option of a command; one without `value` takes none. */
export interface Flag {
  readonly name: string;
  readonly char?: string;
  readonly value?: string;
  /** The only values it takes; empty = any. */
  readonly choices: readonly string[];
  readonly description: string;
}

/** Argument: a positional word of a command. */
export interface Argument {
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
}

/** CommandDoc: what a command says of itself; `words` are what calls it, such as `recording filter`. */
export interface CommandDoc {
  readonly words: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly args: readonly Argument[];
  readonly examples: readonly { readonly description?: string; readonly command: string }[];
}

/**
 * writeManifests: writes an oclif.manifest.json beside the package.json of the command and of each of its plugins, so that
 * `rezolus` finds a command without loading all of them. Returns what the visible commands say of themselves, by name.
 */
export async function writeManifests(cli: string): Promise<readonly CommandDoc[]> {
  settings.enableAutoTranspile = false;
  const config = await Config.load({ root: cli, devPlugins: false, userPlugins: false });
  for (const plugin of config.plugins.values() as Iterable<Plugin>) {
    // oclif lists commands in the order in which their files happened to be read.
    const commands = Object.entries(plugin.manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1));
    const manifest = { ...plugin.manifest, commands: Object.fromEntries(commands) };
    writeFileSync(join(plugin.root, 'oclif.manifest.json'), `${JSON.stringify(manifest)}\n`);
  }
  const aliases = new Set(config.commands.flatMap((command) => command.aliases));
  return config.commands
    .filter(({ id, hidden }) => !hidden && !aliases.has(id))
    .map((command) => describe(command, config.bin))
    .sort((a, b) => (a.words.join(' ') < b.words.join(' ') ? -1 : 1));
}

type Loaded = Config['commands'][number];

function describe(command: Loaded, bin: string): CommandDoc {
  const plain = (text = '') =>
    text.replace(/<%= (?:config\.bin|command\.id) %>/g, (word) => (word.includes('bin') ? bin : command.id));
  return {
    words: command.id.split(':'),
    summary: plain(command.summary),
    description: plain(command.description),
    flags: Object.values(command.flags)
      .filter(({ hidden }) => !hidden)
      .map((flag) => ({
        name: flag.name,
        ...(flag.char !== undefined && { char: flag.char }),
        ...(flag.type === 'option' && { value: flag.helpValue?.toString() ?? flag.name.toUpperCase() }),
        choices: (flag.type === 'option' && flag.options) || [],
        description: plain(flag.summary ?? flag.description),
      })),
    args: Object.values(command.args)
      .filter(({ hidden }) => !hidden)
      .map(({ name, required = false, description }) => ({
        name: name.toUpperCase(),
        required,
        description: plain(description),
      })),
    examples: (command.examples ?? []).map((example) =>
      typeof example === 'string'
        ? { command: plain(example) }
        : { description: plain(example.description), command: plain(example.command) },
    ),
  };
}
