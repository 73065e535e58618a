import { z } from 'zod';
import type { Section } from '../../contract.ts';

const id = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case words joined by -');
const text = z.string().trim().min(1).max(300);
const query = z.string().trim().min(1).max(4000);

const plotSchema = z.strictObject({
  id,
  title: text,
  description: text.optional(),
  style: z.enum(['line', 'lines', 'heatmap', 'percentiles', 'auto']),
  unit: z.enum(['percentage', 'time', 'bytes', 'datarate', 'bitrate', 'rate', 'count', 'frequency']),
  query,
  alternative: z.strictObject({ label: text, query }).optional(),
  range: z.strictObject({ min: z.number().optional(), max: z.number().optional() }).optional(),
  logScale: z.boolean().optional(),
  width: z.enum(['half', 'full']),
  multiDeviceOnly: z.boolean().optional(),
});

const subgroupSchema = z.strictObject({
  name: text,
  description: text.optional(),
  plots: z.array(plotSchema).min(1).max(200),
});

const groupSchema = z.strictObject({ id, name: text, subgroups: z.array(subgroupSchema).min(1).max(100) });

const pickerSchema = z.strictObject({
  name: text,
  label: z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'must be a label'),
  metric: z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'must be the name of a metric'),
});

/** sectionSchema: what a section document must look like: a {@link Section} without `empty`, ids unique. */
export const sectionSchema = z
  .strictObject({
    id,
    name: text,
    optional: z.boolean().optional(),
    picker: pickerSchema.optional(),
    groups: z.array(groupSchema).min(1).max(100),
  })
  .superRefine((section, context) => {
    const plots = section.groups.flatMap((group) => group.subgroups.flatMap((subgroup) => subgroup.plots));
    for (const [kind, ids] of [
      ['group', section.groups.map((group) => group.id)],
      ['plot', plots.map((plot) => plot.id)],
    ] as const) {
      const double = ids.find((one, i) => ids.indexOf(one) !== i);
      if (double !== undefined) context.addIssue(`${kind} id ${double} is there twice`);
    }
  });

/** parseSection: `document` as a section. Throws ZodError that names the place where it is none. */
export function parseSection(document: unknown): Section {
  // Optional keys of the schema are absent or set, never undefined, as JSON has no undefined.
  return sectionSchema.parse(document) as Section;
}
