import { parseDuration } from './duration.ts';
import { RezolusError } from './errors.ts';
import type { PluginManifest } from './registry.ts';
import { ABI, type SamplerDefinition } from './sampler.ts';

const limits = { groups: 64, metrics: 2000, labels: 16, options: 64, text: 500 } as const;
const snakeCase = /^[a-z][a-z0-9_]{0,62}$/;
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]{0,127}$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/;
const kinds: readonly unknown[] = ['counter', 'gauge', 'histogram'];
const entities: readonly unknown[] = ['host', 'cpu', 'cgroup', 'task', 'device'];

type Unknown = { readonly [key: string]: unknown };

/**
 * checkDefinition: whether a definition is what its type says and fits the manifest of its plugin; null, or why it is
 * refused: REZ_ERR_SAMPLER_DEFINITION or _PLUGIN_ABI. It may be anything: it comes from a stranger's code.
 */
export function checkDefinition(plugin: PluginManifest, definition: SamplerDefinition): RezolusError | null {
  const refuse = (why: string) => new RezolusError('REZ_ERR_SAMPLER_DEFINITION', `${plugin.name}: ${why}`);
  if (!isRecord(definition)) return refuse('registered something that is no definition');
  const { name, abi, create, groups, options = {}, routes = [], description } = definition;
  if (typeof name !== 'string' || !snakeCase.test(name))
    return refuse(`sampler name ${JSON.stringify(name)} is not snake_case`);
  if (abi !== ABI) {
    return new RezolusError(
      'REZ_ERR_PLUGIN_ABI',
      `sampler ${name} of ${plugin.name} was made for ABI ${abi}, this agent speaks ${ABI}`,
    );
  }
  if (!plugin.samplers.includes(name))
    return refuse(`sampler ${name} is not in "rezolus.samplers" of its package.json`);
  if (typeof create !== 'function') return refuse(`sampler ${name} has no create function`);
  if (!Array.isArray(groups)) return refuse(`sampler ${name} declares no groups`);
  const fault =
    (isText(description) ? null : 'has no description of up to 500 characters') ??
    faultOfGroups(groups) ??
    faultOfOptions(options) ??
    (isRoutes(routes) ? null : 'has routes that are not a list of what is read and what that needs');
  return fault === null ? null : refuse(`sampler ${name} ${fault}`);
}

function faultOfGroups(groups: readonly unknown[]): string | null {
  if (groups.length > limits.groups) return `declares more than ${limits.groups} groups`;
  const names = new Set<unknown>();
  let metrics = 0;
  for (const group of groups) {
    if (!isRecord(group)) return 'declares a group that is none';
    if (typeof group.name !== 'string' || !snakeCase.test(group.name))
      return `declares a group whose name ${JSON.stringify(group.name)} is not snake_case`;
    if (names.has(group.name)) return `declares the group ${group.name} twice`;
    names.add(group.name);
    if (!entities.includes(group.per)) return `declares the group ${group.name} per ${String(group.per)}`;
    if (!Array.isArray(group.metrics)) return `declares the group ${group.name} without metrics`;
    metrics += group.metrics.length;
    if (metrics > limits.metrics) return `declares more than ${limits.metrics} metrics`;
    const fault = group.metrics.map(faultOfMetric).find((one) => one !== null);
    if (fault !== undefined) return fault;
  }
  return null;
}

function faultOfMetric(metric: unknown): string | null {
  if (!isRecord(metric)) return 'declares a metric that is none';
  const { name, kind, unit, description, labels = {} } = metric;
  if (typeof name !== 'string' || !metricName.test(name))
    return `declares a metric whose name ${JSON.stringify(name)} is not that of a metric`;
  if (!kinds.includes(kind)) return `declares ${name} as a ${String(kind)}`;
  if (typeof description !== 'string' || description.length > limits.text)
    return `declares ${name} without a description of up to ${limits.text} characters`;
  if (unit !== undefined && !isText(unit)) return `declares ${name} with a unit that is no text`;
  if (!isRecord(labels) || Object.keys(labels).length > limits.labels)
    return `declares ${name} with labels that are not up to ${limits.labels} texts`;
  const wrong = Object.entries(labels).find(([key, value]) => !labelName.test(key) || !isText(value));
  return wrong === undefined ? null : `declares ${name} with the label ${JSON.stringify(wrong[0])}`;
}

function faultOfOptions(options: unknown): string | null {
  if (!isRecord(options) || Object.keys(options).length > limits.options)
    return `has options that are not up to ${limits.options} declarations`;
  for (const [key, option] of Object.entries(options)) {
    if (!snakeCase.test(key) || !isRecord(option) || !isText(option.description) || !hasDefault(option))
      return `declares the option ${JSON.stringify(key)} without its type, default or description`;
  }
  return null;
}

function hasDefault({ type, default: value, min, max }: Unknown): boolean {
  switch (type) {
    case 'boolean':
    case 'string':
      return typeof value === type;
    case 'integer':
      return [value, min, max].every(Number.isSafeInteger);
    case 'duration':
      return typeof value === 'string' && parseDuration(value) !== null;
    default:
      return false;
  }
}

function isRoutes(routes: unknown): boolean {
  return (
    Array.isArray(routes) &&
    routes.every((route) => isRecord(route) && isText(route.route) && isText(route.needs))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.text;
}

function isRecord(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
