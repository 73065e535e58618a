import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { RezolusError } from '../errors.ts';
import { lineOfKey } from './locate.ts';
import { nearest } from './nearest.ts';

/**
 * loadConfig: reads a TOML file and checks it against a strict zod schema. An unknown key is an error that names
 * file, line, key and the nearest known one; a wrong value names file, line, key and what is allowed.
 * Throws REZ_ERR_CONFIG_READ, _SYNTAX, _UNKNOWN_KEY and _INVALID.
 */
export function loadConfig<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RezolusError('REZ_ERR_CONFIG_READ', `cannot read ${path}`, { cause });
  }
  return parseConfig(text, path, schema);
}

/** parseConfig: {@link loadConfig} on text that is already in memory; `path` is only named in errors. */
export function parseConfig<S extends z.ZodType>(text: string, path: string, schema: S): z.output<S> {
  let tree: unknown;
  try {
    tree = parse(text);
  } catch (cause) {
    const line = cause instanceof TomlError ? cause.line : 1;
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new RezolusError('REZ_ERR_CONFIG_SYNTAX', `${path}:${line}: ${reason}`, { cause });
  }
  const result = schema.safeParse(tree);
  if (result.success) return result.data;
  throw configError(result.error.issues[0]!, text, path, schema);
}

function configError(issue: z.core.$ZodIssue, text: string, path: string, schema: z.ZodType): RezolusError {
  const parents = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const keys = [...parents, key];
    const suggestion = nearest(key, knownKeys(schema, parents));
    const hint = suggestion === null ? '' : `; did you mean "${suggestion}"?`;
    return new RezolusError(
      'REZ_ERR_CONFIG_UNKNOWN_KEY',
      `${path}:${lineOfKey(text, keys)}: unknown key "${keys.join('.')}"${hint}`,
    );
  }
  return new RezolusError(
    'REZ_ERR_CONFIG_INVALID',
    `${path}:${lineOfKey(text, parents)}: ${parents.join('.')}: ${issue.message}`,
  );
}

/** knownKeys: the keys that the object schema at `path` allows. */
function knownKeys(schema: z.ZodType, path: readonly string[]): string[] {
  let current: z.ZodType | undefined = unwrap(schema);
  for (const key of path) {
    const shape: Record<string, z.ZodType> | undefined = (
      current as { shape?: Record<string, z.ZodType> } | undefined
    )?.shape;
    current = shape?.[key] === undefined ? undefined : unwrap(shape[key]);
  }
  return Object.keys((current as { shape?: Record<string, z.ZodType> } | undefined)?.shape ?? {});
}

/** unwrap: the object schema inside defaults, prefaults, optionals and pipes. */
function unwrap(schema: z.ZodType): z.ZodType {
  let current = schema;
  for (;;) {
    const { def } = current as unknown as { def: { innerType?: z.ZodType; in?: z.ZodType } };
    const inner = def.innerType ?? def.in;
    if (inner === undefined) return current;
    current = inner;
  }
}
