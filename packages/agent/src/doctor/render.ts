import { type Finding, shouldWork, type Verdict } from './finding.ts';
import type { Machine } from './machine.ts';

/** Diagnosis: what `rezolus doctor` found; the shape of its JSON. */
export interface Diagnosis {
  readonly version: string;
  readonly machine: Machine;
  readonly samplers: readonly Finding[];
}

const width = 80;
const sections: readonly (readonly [title: string, verdicts: readonly Verdict[]])[] = [
  ['Should work and does not', ['denied', 'failed']],
  ['Not on this machine', ['unsupported']],
  ['Switched off', ['disabled']],
  ['Works', ['works', 'partly']],
];

/** doctorExitCode: 1 where a sampler does not work that should, else 0. */
export function doctorExitCode({ samplers }: Diagnosis): 0 | 1 {
  return samplers.some(shouldWork) ? 1 : 0;
}

/** renderDiagnosis: a diagnosis as text of 80 columns. Control characters are replaced: names may be a stranger's. */
export function renderDiagnosis({ version, machine, samplers }: Diagnosis): string {
  const lines = [`Rezolus ${version}`, ...factsOf(machine).flatMap(([name, value]) => pair(name, 16, value))];
  for (const [title, verdicts] of sections) {
    const found = samplers.filter(({ verdict }) => verdicts.includes(verdict));
    if (found.length === 0) continue;
    lines.push('', `${title} (${found.length}):`);
    for (const finding of found) lines.push(...sampler(finding));
  }
  const todo = remedies(samplers.filter(shouldWork));
  if (todo.length > 0) lines.push('', 'To do:', ...todo);
  return lines.map(printable).join('\n');
}

function factsOf(machine: Machine): (readonly [string, string])[] {
  const { user_namespace, seccomp, memlock_bytes, btf_bytes } = machine;
  const rights = [
    heldCapabilities(machine),
    ...(user_namespace ? ['in a user namespace'] : []),
    ...(seccomp ? ['with a seccomp filter'] : []),
  ];
  const or = (value: string | number | null, otherwise = 'unknown') => String(value ?? otherwise);
  return [
    ['kernel', `${machine.kernel} ${machine.arch}`],
    ['BTF', btf_bytes === null ? 'none' : `${mib(btf_bytes)} in /sys/kernel/btf/vmlinux`],
    ['libbpf', machine.libbpf ?? machine.libbpf_error ?? 'none'],
    ['cgroups', or(machine.cgroups, 'not mounted')],
    ['tracefs', or(machine.tracefs, 'not mounted')],
    ['lockdown', or(machine.lockdown)],
    ['PMUs', machine.pmus.join(', ') || 'none'],
    ['sysctl', `kernel.perf_event_paranoid ${or(machine.perf_event_paranoid)}`],
    ['', `kernel.unprivileged_bpf_disabled ${or(machine.unprivileged_bpf_disabled)}`],
    ['user', machine.uid === 0 ? 'root' : String(machine.uid)],
    ['capabilities', rights.join('; ')],
    ['locked memory', memlock_bytes === null ? 'unlimited' : mib(memlock_bytes)],
  ];
}

function heldCapabilities({ capabilities: held, missing_capabilities: missing }: Machine): string {
  if (held.length === 0) return 'none';
  if (missing.length === 0) return 'all';
  return missing.length < held.length ? `all but ${missing.join(', ')}` : held.join(', ');
}

function sampler(finding: Finding): string[] {
  const { sampler: name, verdict, route, missing, remedy } = finding;
  if (verdict === 'works' || verdict === 'partly')
    return [...pair(`  ${name}`, 26, route ?? ''), ...pair('', 26, missing && `without: ${missing}`)];
  if (verdict === 'denied') {
    // What libbpf says after that guesses at other reasons.
    const refused = missing.replace(/(operation not permitted|permission denied).*/is, '$1');
    return [
      ...pair(`  ${name}`, 26, refused),
      ...pair('', 26, route === null ? '' : `with the rights at best: ${route}`),
    ];
  }
  const next = shouldWork(finding) ? '' : (remedy ?? '');
  return [...pair(`  ${name}`, 26, missing || 'by the configuration'), ...pair('', 26, next)];
}

/** remedies: each once, with the samplers that it is for. */
function remedies(findings: readonly Finding[]): string[] {
  const byRemedy = Map.groupBy(findings, ({ remedy }) => remedy ?? '');
  return [...byRemedy].flatMap(([remedy, those]) => [
    ...pair('  -', 4, remedy),
    ...pair('', 4, `For ${those.map(({ sampler: name }) => name).join(', ')}.`),
  ]);
}

/** pair: a name and, from a column on, a text that is wrapped there; nothing where both are empty. */
function pair(name: string, column: number, text: string): string[] {
  if (name === '' && text === '') return [];
  const rows = wrapped(text, width - column);
  return rows.map((row, i) => {
    const left = i === 0 ? name : '';
    // A name that is too long has a line of its own.
    return left.length < column ? `${left.padEnd(column)}${row}` : `${left}\n${' '.repeat(column)}${row}`;
  });
}

function wrapped(text: string, columns: number): string[] {
  const rows = [''];
  for (const word of text.split(/\s+/)) {
    const last = rows.at(-1)!;
    if (last === '') rows[rows.length - 1] = word;
    else if (last.length + 1 + word.length <= columns) rows[rows.length - 1] = `${last} ${word}`;
    else rows.push(word);
  }
  return rows;
}

function mib(bytes: number): string {
  return bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${Math.floor(bytes / 1024)} KiB`;
}

function printable(line: string): string {
  return line.replace(/[^\P{C}\n]/gu, '\ufffd').trimEnd();
}
