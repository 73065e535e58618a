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

/** budgetSchema: what one sampler may take; each key is optional. */
export const budgetSchema = z.strictObject({
  cpu: durationSchema().optional(),
  series: z.int().min(1).optional(),
  map_bytes: z.int().min(1).optional(),
});

/**
 * samplerSections: the schema of `[samplers]` for the given definitions: one strict section each with `enabled`,
 * `budget` and the options that the sampler declares, all optional. The value has the options in `options`.
 */
export function samplerSections(definitions: readonly SamplerDefinition[]) {
  const sections: Record<string, z.ZodType> = {};
  for (const { name, options = {} } of definitions) {
    const keys: Record<string, z.ZodType> = {};
    for (const [key, option] of Object.entries(options)) keys[key] = optionSchema(option);
    sections[name] = z
      .strictObject({ ...keys, enabled: z.boolean().optional(), budget: budgetSchema.optional() })
      .transform(({ enabled, budget, ...options }) => ({ enabled, budget, options }))
      .prefault({});
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
