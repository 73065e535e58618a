import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../tests/support/rezolus.ts';

interface Chapter {
  readonly title: string;
  readonly package: 'core' | 'libbpf' | 'devkit';
  readonly text: string;
  /** Names of exports, in the order of reading. */
  readonly names: readonly string[];
}

const chapters: readonly Chapter[] = [
  {
    title: 'Registering',
    package: 'core',
    text: 'The host imports the module that `oclif.hooks["rezolus:samplers"]` of package.json names and calls its default export.',
    names: [
      'SamplersHook',
      'SamplerRegistrar',
      'SamplerDefinition',
      'defineSampler',
      'ABI',
      'RouteDeclaration',
    ],
  },
  {
    title: 'Declaring',
    package: 'core',
    text: 'What a sampler measures and what can be set about it, as data.',
    names: [
      ...['GroupDeclaration', 'MetricDeclaration', 'MetricKind', 'Entity', 'withSums'],
      ...['OptionDeclaration', 'OptionDeclarations', 'OptionValues'],
    ],
  },
  {
    title: 'Running',
    package: 'core',
    text: 'What the factory of a sampler is handed and what it returns.',
    names: [
      ...[
        'SamplerContext',
        'Sampler',
        'SampledGroup',
        'MetricGroup',
        'Member',
        'Window',
        'HistogramValue',
        'Clock',
      ],
      ...['Logger', 'Poller', 'SamplerReport', 'ProgramStatus', 'Verdict'],
    ],
  },
  {
    title: 'Errors',
    package: 'core',
    text: 'All codes are in [errors.md](errors.md).',
    names: ['RezolusError', 'UnsupportedError', 'sentence'],
  },
  {
    title: 'The kernel',
    package: 'core',
    text: 'How a sampler gets at BPF: through the loader in its context.',
    names: [
      ...[
        'BpfLoader',
        'BpfObject',
        'MappedMap',
        'BpfIterator',
        'ProgramInfo',
        'BpfObjectSpec',
        'ProgramSpec',
      ],
      ...['MapSpec', 'StructSpec', 'FieldSpec', 'VariableSpec'],
    ],
  },
  {
    title: 'Helpers for the kernel',
    package: 'libbpf',
    text: 'From `@rezolus/libbpf`: what most samplers do with an object, its banks and its cgroups.',
    names: [
      ...[
        'tracepoints',
        'requireAttached',
        'routeOf',
        'sumBanks',
        'sumHistograms',
        'copyPerCpu',
        'Banks',
        'totalOf',
      ],
      ...['cpuMembers', 'pidCapacity', 'maxCgroups', 'CgroupTable', 'PerfGroup', 'PerfEvent', 'perfType'],
      ...['SharedLibrary', 'ForeignFunction', 'ForeignValue'],
    ],
  },
  {
    title: 'Testing',
    package: 'devkit',
    text: 'From `@rezolus/devkit`.',
    names: ['Harness', 'HarnessOptions', 'runLoad', 'LoadReport', 'show'],
  },
];

interface Declaration {
  readonly kind: string;
  readonly doc: string;
  readonly code: string;
}

/** contract: docs/contract.md: what a plugin sees of its host, from the declarations that the compiler makes. */
export function contract(note: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-contract-'));
  try {
    const options = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', folder];
    execFileSync('node_modules/.bin/tsc', options, { cwd: root });
    const parts = chapters.map((chapter) => {
      const declarations = exportsOf(join(folder, 'packages', chapter.package, 'src'));
      return [
        `## ${chapter.title}\n\n${chapter.text}`,
        ...chapter.names.map((name) => render(name, declarations)),
      ].join('\n\n');
    });
    return [
      '# The contract of samplers',
      note,
      'What a plugin sees of its host: the exports of `@rezolus/core`, `@rezolus/libbpf` and `@rezolus/devkit` that are made for it. ' +
        'An agent brings the first two; a plugin does not install them. [writing-a-plugin.md](writing-a-plugin.md) shows how they are used.',
      ...parts,
    ]
      .join('\n\n')
      .concat('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The exported declarations of the modules that an index.d.ts names. */
function exportsOf(folder: string): ReadonlyMap<string, Declaration> {
  const index = readFileSync(join(folder, 'index.d.ts'), 'utf8');
  const modules = new Set([...index.matchAll(/from '\.\/([^']+)\.ts'/g)].map((match) => match[1]!));
  const found = new Map<string, Declaration>();
  for (const module of modules) {
    const text = readFileSync(join(folder, `${module}.d.ts`), 'utf8');
    const pattern =
      /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export (?:declare )?(interface|type|class|function|const) (\w+)/g;
    for (const match of text.matchAll(pattern)) {
      const [whole, doc = '', kind, name] = match as unknown as [string, string?, string?, string?];
      const code = statement(text.slice(match.index + whole.lastIndexOf('export')));
      found.set(name!, { kind: kind!, doc: plain(doc), code });
    }
  }
  return found;
}

/** The text up to the end of the first statement: a `;` or a block that ends outside of all brackets. */
function statement(text: string): string {
  let depth = 0;
  const isBlock = /^export (declare )?(interface|class|abstract)/.test(text);
  for (let at = 0; at < text.length; at++) {
    const skipped = /^(\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*')/.exec(text.slice(at, at + 2000))?.[0];
    if (skipped !== undefined) at += skipped.length;
    const char = text[at]!;
    if ('{[('.includes(char)) depth++;
    if ('}])'.includes(char)) depth--;
    if (depth === 0 && (char === ';' || (isBlock && char === '}'))) return text.slice(0, at + 1);
  }
  return text;
}

/** A doc comment as one line. */
const plain = (doc: string): string =>
  doc
    .replace(/^\s*\* ?/gm, '')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();

function render(name: string, declarations: ReadonlyMap<string, Declaration>): string {
  const declaration = declarations.get(name);
  if (declaration === undefined) throw new Error(`${name} is not exported`);
  const { kind, doc, code } = declaration;
  const text = doc.startsWith(`${name}: `) ? doc.slice(name.length + 2) : doc;
  const heading =
    `### ${name}\n\n${text === '' ? '' : `${text[0]!.toUpperCase()}${text.slice(1)}`}`.trimEnd();
  if (kind !== 'interface' && kind !== 'class') return `${heading}\n\n\`\`\`ts\n${signature(code)}\n\`\`\``;
  const rows = membersOf(code).map(
    ([member, meaning]) => `| \`${member.replaceAll('|', '\\|')}\` | ${meaning.replaceAll('|', '\\|')} |`,
  );
  const head = signature(code.slice(0, code.indexOf('{')).trim());
  const table = ['| Member | Meaning |', '|---|---|', ...rows].join('\n');
  return [heading, ...(head === `${kind} ${name}` ? [] : [`\`${head}\``]), table].join('\n\n');
}

/** A declaration without what says that it is one, and with the layout of a reader. */
const signature = (code: string): string => code.replace(/^export (declare )?/, '').replace(/^ {4}/gm, '  ');

/** The public members of an interface or class: each as its signature on one line, with its comment. */
function membersOf(code: string): [string, string][] {
  const body = code.slice(code.indexOf('{') + 1, code.lastIndexOf('}'));
  const members: [string, string][] = [];
  let rest = body.trim();
  while (rest !== '') {
    const doc = /^\/\*\*([\s\S]*?)\*\/\s*/.exec(rest);
    if (doc !== null) rest = rest.slice(doc[0].length);
    const text = statement(rest);
    rest = rest.slice(text.length).trim();
    const member = text
      .replace(/;$/, '')
      .replace(/\s+/g, ' ')
      .replace(/^readonly /, '')
      .trim();
    if (/^(#|private )/.test(member)) continue;
    const name = /^(?:static |get )*\[?([\w.]+)/.exec(member)?.[1] ?? '';
    const meaning = plain(doc?.[1] ?? '');
    members.push([member, meaning.startsWith(`${name}: `) ? meaning.slice(name.length + 2) : meaning]);
  }
  return members;
}
