import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from '../src/cli.ts';
import { build, findSources, measureCosts, verify } from '../src/index.ts';
import { libbpfFixtures, TemporaryPackage, toolchainHere } from './workspace.ts';

const toolchain = toolchainHere();

const header = `typedef unsigned int __u32; typedef unsigned long long __u64; typedef unsigned char __u8;
typedef unsigned short __u16; typedef int __s32; typedef long long __s64; typedef __u16 __be16; typedef __u32 __be32;
typedef __u32 __wsum;
#include <bpf/bpf_helpers.h>
struct row { __u64 values[16]; };
struct { __uint(type, 2); __uint(max_entries, 1); __type(key, __u32); __type(value, struct row); } rows SEC(".maps");
static __always_inline struct row *row(void) { __u32 key = bpf_get_smp_processor_id(); return bpf_map_lookup_elem(&rows, &key); }
`;

/** What is wrong, the function that does it, and what is said of it. */
const wrong: readonly (readonly [string, string, RegExp])[] = [
  [
    'an unbounded loop',
    '__u64 i = 1; while (i) { i = bpf_get_prandom_u32(); } return 0;',
    /a loop has no end|too many paths/,
  ],
  ['a missing check for NULL', 'return row()->values[0];', /R0 may be NULL/],
  ['a number as a pointer', 'return *(__u32 *)bpf_ktime_get_ns();', /is a plain number to the verifier/],
  [
    'an index without bounds',
    'struct row *r = row(); if (r) r->values[bpf_get_prandom_u32()]++; return 0;',
    /an index may be outside/,
  ],
  ['a helper that is none', 'return ((long (*)(void))9999)();', /no helper \S*9999/],
  [
    'a helper of other programs',
    'return bpf_skb_load_bytes(context, 0, &context, 4);',
    /no helper bpf_skb_load_bytes/,
  ],
  ['too much of the stack', 'char name[8]; return bpf_get_current_comm(name, 600);', /stack is used beyond/],
  [
    'a function that the kernel lacks',
    'return rezolus_no_such_function();',
    /no function or variable rezolus_no_such/,
  ],
];

const extra: Readonly<Record<string, string>> = {
  'a function that the kernel lacks': 'extern int rezolus_no_such_function(void) __ksym;\n',
};

function sourceOf(what: string, body: string, license = 'GPL'): string {
  return `${header}${extra[what] ?? ''}char LICENSE[] SEC("license") = "${license}";
SEC("raw_tp/sys_enter") int wrong(void *context) { ${body} }\n`;
}

function verdictOf(source: string) {
  using plugin = new TemporaryPackage({ 'bpf/wrong.bpf.c': source });
  const [found] = findSources([plugin.folder]);
  build(found!, toolchain!);
  return verify(found!)[0]!;
}

describe.skipIf(toolchain === undefined)(
  'verify says in plain words what the verifier of this kernel says',
  () => {
    it.each(wrong)('%s', (what, body, reason) => {
      const verdict = verdictOf(sourceOf(what, body));
      expect(verdict, verdict.log).toMatchObject({ verdict: 'refused', verified: 0 });
      expect(verdict.explanation?.reason, verdict.log).toMatch(reason);
      expect(verdict.explanation?.remedy).toMatch(/[.;]$/);
    });

    it('a license that is not the GPL', () => {
      const verdict = verdictOf(
        sourceOf('', '__u64 x; bpf_probe_read_kernel(&x, 8, context); return x;', 'Proprietary'),
      );
      expect(verdict.explanation?.reason, verdict.log).toMatch(/only for programs under the GPL/);
    });

    it('a field and a hook that no kernel has; and takes what is right', () => {
      const all = findSources([libbpfFixtures]).flatMap((source) => verify(source));
      const of = (program: string) => all.find(({ name }) => name === program);
      expect(of('from_the_future')).toMatchObject({
        verdict: 'refused',
        explanation: { reason: 'the kernel has no task_struct___future.rezolus_no_such_field' },
      });
      expect(of('no_such_event')).toMatchObject({
        verdict: 'lacking',
        log: expect.stringContaining('no_such_event'),
      });
      // At least as many as there are: each is gone through once.
      const { verified, instructions, verdict } = of('sys_enter')!;
      expect(verdict).toBe('accepted');
      expect(verified === 0 || verified >= instructions).toBe(true);
    });
  },
);

const plugin = fileURLToPath(new URL('../../plugin-syscall', import.meta.url));

describe('rezolus-bpf check', () => {
  it('measures what a run of each program costs', async () => {
    const costs = await measureCosts(plugin);
    const enter = costs.find(({ name }) => name.startsWith('sys_enter_'))!;
    // 50 processes cannot be made with fewer system calls.
    expect(enter.runs).toBeGreaterThan(2000);
    expect(enter.nsPerRun).toBeGreaterThan(1);
  });

  it.skipIf(toolchain === undefined)('fails for a program that is refused, and says why', async () => {
    const printed = { out: '', error: '' };
    const print = {
      out: (text: string) => {
        printed.out += text;
      },
      error: (text: string) => {
        printed.error += text;
      },
    };
    expect(await run(['check', plugin], print)).toBe(0);
    expect(printed.out).toMatch(/sys_enter_(btf|raw): \d+ verified, \d+ ns per run, measured over \d+/);
    expect(printed.out).toMatch(/about \d+ ns per run, by its instructions/);
    expect(await run(['check', libbpfFixtures], print)).toBe(1);
    expect(printed.error).toMatch(/unchecked is refused by this kernel: R0 may be NULL/);
  });
});
