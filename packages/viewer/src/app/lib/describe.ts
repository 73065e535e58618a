/** Table: a part of a document as rows of text. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const known: Readonly<Record<string, string>> = {
  os: 'OS',
  cpu: 'CPU',
  cpus: 'CPUs',
  smt: 'SMT',
  numa: 'NUMA',
  nics: 'Network interfaces',
  gpus: 'GPUs',
  id: 'ID',
};

/** title: a key as people write it: `cpu_model` = `CPU model`. */
export function title(key: string): string {
  const whole = known[key];
  if (whole) return whole;
  const words = key.split('_').filter((word) => word !== 'bytes');
  const text = words.map((word) => known[word] ?? word).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** cellText: a JSON value in one line. Sizes in bytes are scaled. */
export function cellText(key: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return key.endsWith('_bytes') ? binarySize(value) : String(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) {
    return value.every(Number.isInteger)
      ? ranges(value as number[])
      : value.map((one) => cellText('', one)).join('; ');
  }
  return JSON.stringify(value);
}

function binarySize(bytes: number): string {
  const power = bytes > 0 ? Math.min(5, Math.floor(Math.log2(bytes) / 10)) : 0;
  return `${Number((bytes / 1024 ** power).toPrecision(4))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'][power]}`;
}

/** ranges: `0–3, 8` for 0, 1, 2, 3, 8. */
export function ranges(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (j + 1 < sorted.length && sorted[j + 1]! <= sorted[j]! + 1) j++;
    parts.push(i === j ? String(sorted[i]) : `${sorted[i]}–${sorted[j]}`);
    i = j + 1;
  }
  return parts.join(', ');
}

/**
 * describe: the tables of a `systeminfo` document, whatever its keys: its plain values, then one table per list, then
 * those of nested documents (one per node in a combined recording).
 */
export function describe(document: unknown, name = 'System'): Table[] {
  if (!isObject(document)) return [];
  const plain: string[][] = [];
  const tables: Table[] = [];
  for (const [key, value] of Object.entries(document)) {
    if (isObject(value)) tables.push(...describe(value, title(key)));
    else if (Array.isArray(value) && value.some(isObject))
      tables.push(listTable(title(key), value.filter(isObject)));
    else if (!(Array.isArray(value) && value.length === 0)) plain.push([title(key), cellText(key, value)]);
  }
  return plain.length > 0 ? [{ title: name, columns: [], rows: plain }, ...tables] : tables;
}

function listTable(name: string, list: readonly Json[]): Table {
  const keys = [...new Set(list.flatMap((one) => Object.keys(one)))];
  return {
    title: name,
    columns: keys.map(title),
    rows: list.map((one) => keys.map((key) => cellText(key, one[key]))),
  };
}
