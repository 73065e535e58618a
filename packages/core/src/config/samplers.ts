import { z } from 'zod';
import { parseDuration } from '../duration.ts';
import type { OptionDeclaration } from '../options.ts';
import type { SamplerDefinition } from '../sampler.ts';

/** durationSchema: a duration text such as `10ms`; the value is milliseconds. */
export function durationSchema(): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const ms = parseDuration(text);
    if (ms === null) {
      context.addIssue({ code: 'custom', message: `"${text}" is not a duration such as 10ms, 1s or 5m` });
      return z.NEVER;
    }
    return ms;
  });
}

/**
 * samplerSections: the schema of `[samplers]` for the given definitions: one strict section each with `enabled` and
 * the options that the sampler declares, all optional.
 */
export function samplerSections(definitions: readonly SamplerDefinition[]) {
  const sections: Record<string, z.ZodType> = {};
  for (const { name, options = {} } of definitions) {
    const keys: Record<string, z.ZodType> = { enabled: z.boolean().optional() };
    for (const [key, option] of Object.entries(options)) keys[key] = optionSchema(option);
    sections[name] = z.strictObject(keys).prefault({});
  }
  return z.strictObject(sections).prefault({});
}

function optionSchema(option: OptionDeclaration): z.ZodType {
  switch (option.type) {
    case 'boolean':
      return z.boolean().default(option.default);
    case 'integer':
      return z.int().min(option.min).max(option.max).default(option.default);
    case 'string':
      return z.string().default(option.default);
    case 'duration':
      return durationSchema().prefault(option.default);
  }
}
