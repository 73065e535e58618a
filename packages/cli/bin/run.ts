#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withoutSubcommand } from '../src/short-form.ts';

// Not in /tmp, as by default: another user could leave code there that root would run.
enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rezolus'));
// `rezolus … | head` closes our output: that is the end of the work, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
const { execute, settings } = await import('@oclif/core');
settings.enableAutoTranspile = false;
// What third parties bring runs in processes of its own, never in this one: their plugins are not oclif's to load.
await execute({
  args: withoutSubcommand(process.argv.slice(2)),
  loadOptions: { root: import.meta.filename, userPlugins: false },
});
