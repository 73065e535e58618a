import { readFileSync, statSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import type { z } from 'zod';
import { RezolusError } from '../errors.ts';

/** loadYaml: a YAML file checked against a schema. Throws REZ_ERR_CONFIG_READ, _SYNTAX, _UNKNOWN_KEY and _INVALID. */
export function loadYaml<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  const text = readText(path);
  let tree: unknown;
  try {
    tree = parse(text) ?? {};
  } catch (cause) {
    const line = cause instanceof YAMLParseError ? (cause.linePos?.[0].line ?? 1) : 1;
    const reason = cause instanceof YAMLParseError ? cause.code : 'not YAML';
    // Without the cause: it quotes the line, which may be a secret.
    throw new RezolusError('REZ_ERR_CONFIG_SYNTAX', `${path}:${line}: ${reason}`);
  }
  const result = schema.safeParse(tree);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const unknown = [...key, issue.keys[0]].join('.');
    throw new RezolusError('REZ_ERR_CONFIG_UNKNOWN_KEY', `${path}: unknown key "${unknown}"`);
  }
  throw new RezolusError('REZ_ERR_CONFIG_INVALID', `${path}: ${[key.join('.'), issue.message].join(': ')}`);
}

/** readText: a text file. Throws REZ_ERR_CONFIG_READ. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RezolusError('REZ_ERR_CONFIG_READ', `cannot read ${path}`, { cause });
  }
}

/** stampOf: a text that changes when one of the files is written, replaced or removed. */
export function stampOf(files: readonly string[]): string {
  const stamps = files.map((path) => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? '-' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
  });
  return stamps.join(' ');
}
