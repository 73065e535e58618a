#!/usr/bin/env node
import { runShow } from '../src/show-cli.ts';

process.exitCode = await runShow(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
});
