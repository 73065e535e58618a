#!/usr/bin/env node
import { run } from '../src/cli.ts';

process.exitCode = run(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
});
