/** Explanation: why a program was refused, in plain words, and what helps. */
export interface Explanation {
  readonly reason: string;
  readonly remedy: string;
}

interface Rule extends Explanation {
  /** In the log of the verifier (kernel/bpf/verifier.c) or of libbpf; `$1` in the texts is its first group. */
  readonly pattern: RegExp;
}

/** The first that matches wins: what says more comes first. */
const rules: readonly Rule[] = [
  {
    pattern: /failed to resolve CO-RE relocation <\w+> (?:\[\d+\] )?(?:(?:struct|union|enum) )?(\S+)/,
    reason: 'the kernel has no $1',
    remedy:
      'Ask bpf_core_field_exists() or bpf_core_enum_value_exists() first and do without it, or with its other name.',
  },
  {
    pattern: /<invalid CO-RE relocation>/,
    reason: 'the program uses a type or field that the kernel does not have',
    remedy: 'Ask bpf_core_field_exists() or bpf_core_type_exists() first and do without it.',
  },
  {
    pattern: /extern \((?:func|var) ksym\) '([^']+)': not found/,
    reason: 'the kernel has no function or variable $1',
    remedy: 'Declare it __weak and test whether it is there, or do without it.',
  },
  {
    pattern: /calling kernel function (\S+) is not allowed/,
    reason: 'programs of this type may not call the kernel function $1',
    remedy: 'Use it in a type of program that may, or a helper instead.',
  },
  {
    pattern: /(?:unknown func|invalid func|cannot use helper|unsupported helper) ?(\S+)/,
    reason: 'the kernel has no helper $1 for programs of this type',
    remedy:
      'bpf-helpers(7) says which kernel brought it and for which programs; take another route where it is missing.',
  },
  {
    pattern: /cannot call GPL-restricted function/,
    reason: 'a helper is only for programs under the GPL',
    remedy: 'Declare: char LICENSE[] SEC("license") = "GPL";',
  },
  {
    pattern: /R(\d+) invalid mem access '\w*_or_null'/,
    reason: 'R$1 may be NULL: the result of a look-up is used without a check',
    remedy: 'Test it first: if (!value) return 0;',
  },
  {
    pattern: /R(\d+) invalid mem access '(?:scalar|inv)'/,
    reason: 'R$1 is a plain number to the verifier and is used as a pointer',
    remedy:
      'Read kernel memory with BPF_CORE_READ(); a pointer that went through arithmetic or a map is no typed pointer any more.',
  },
  {
    pattern: /R(\d+) invalid mem access '(\S+)'/,
    reason: 'R$1 is used as a pointer to memory, and is $2',
    remedy: 'Read it with BPF_CORE_READ() or bpf_probe_read_kernel().',
  },
  {
    pattern:
      /(?:invalid access to map value, |R\d+ (?:unbounded memory access|(?:min|max) value is ))|math between \S+ pointer and register/,
    reason: 'an index may be outside of what it indexes',
    remedy:
      'Bound it just before the access: bounded(index, SIZE) of <rezolus/bank.h> for powers of two, else if (index >= SIZE) return 0;',
  },
  {
    pattern: /infinite loop detected|back-edge from insn|loop detected/,
    reason: 'a loop has no end that the verifier sees',
    remedy:
      'Give it a constant number of rounds, or use bpf_loop(); better, do fixed work per event and count the rest.',
  },
  {
    pattern: /BPF program is too large|sequence of \d+ jumps is too complex|too many states/,
    reason: 'the program has too many paths: the verifier gave up',
    remedy: 'Fewer rounds of loops and fewer branches in them; move a part into a __noinline function.',
  },
  {
    pattern: /combined stack size of \d+ calls is (\d+)/,
    reason: 'the functions take $1 bytes of stack together; 512 are allowed',
    remedy: 'Put large variables into a map with one element per CPU.',
  },
  {
    pattern: /invalid (?:write to |read from |indirect access to |)stack|stack limit/,
    reason: 'memory of the stack is used beyond its 512 bytes, or before it was written',
    remedy: 'Initialise what is handed on ({}), and put large variables into a map with one element per CPU.',
  },
  {
    pattern: /invalid bpf_context access|R1 .*off=\S+ disallowed|dereference of modified ctx/,
    reason: 'the context does not have what is read from it',
    remedy:
      'Check the arguments of the hook: `bpftool btf dump file /sys/kernel/btf/vmlinux | grep btf_trace_NAME`.',
  },
  {
    pattern: /access beyond struct (\S+)|(?:struct|union) (\S+) .*not at offset/,
    reason: 'struct $1 of the kernel has nothing there',
    remedy:
      'Declare the struct with __attribute__((preserve_access_index)), so that offsets are those of the running kernel.',
  },
  {
    pattern: /Unreleased reference/,
    reason: 'something that was acquired is not released on every path',
    remedy: 'Release it before every return.',
  },
  {
    pattern: /R0 !read_ok/,
    reason: 'the program may end without a result',
    remedy: 'Return a value on every path: return 0;',
  },
  {
    pattern: /R(\d+) type=(\S+) expected=(\S+)/,
    reason: 'R$1 is $2 where a helper expects $3',
    remedy: 'Check the argument: memory for a helper must be on the stack or in a map.',
  },
  {
    pattern: /failed to find kernel BTF type ID of '([^']+)'/,
    reason: 'the kernel has no hook $1',
    remedy: 'Attach to another one, or offer a route without it: `tracepoints()` leaves programs out.',
  },
];

/**
 * explain: what a message of the verifier or of libbpf means, undefined where it is none of the common ones.
 */
export function explain(log: string): Explanation | undefined {
  for (const { pattern, reason, remedy } of rules) {
    const match = pattern.exec(log);
    if (match === null) continue;
    const filled = reason.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '');
    return { reason: filled, remedy };
  }
  return undefined;
}
