import { expect, it } from 'vitest';
import { explain } from '../src/index.ts';

// Other spellings of what check.bpf.test.ts gets from the kernel at hand.
it.each([
  ["R1 invalid mem access 'inv'", /R1 is a plain number/],
  ["R2 invalid mem access 'ptr_'", /R2 is used as a pointer to memory, and is ptr_/],
  ['unknown func bpf_get_func_ip#173', /no helper bpf_get_func_ip#173/],
  ['program of this type cannot use helper bpf_skb_store_bytes#9', /no helper bpf_skb_store_bytes#9/],
  ['back-edge from insn 12 to 3', /a loop has no end/],
  ['BPF program is too large. Processed 1000001 insn', /too many paths/],
  ['invalid write to stack R10 off=-520 size=8', /stack is used beyond its 512 bytes/],
  ['invalid indirect read from stack R2 off -16+8 size 16', undefined],
  ['R2 min value is negative, either use unsigned or var &= const', /index may be outside/],
  ['calling kernel function bpf_task_acquire is not allowed', /kernel function bpf_task_acquire/],
  ['combined stack size of 2 calls is 832. Too large', /832 bytes of stack together; 512 are allowed/],
  ['R0 !read_ok', /end without a result/],
  ['Unreleased reference id=2 alloc_insn=7', /not released/],
  ["libbpf: failed to find kernel BTF type ID of 'btf_trace_x': -3", /no hook btf_trace_x/],
  ['something that nobody has seen', undefined],
  ['x'.repeat(1_000_000), undefined],
])('explain(%.60s)', (log, reason) => {
  const explanation = explain(log);
  if (reason === undefined) expect(explanation).toBeUndefined();
  else expect(explanation?.reason).toMatch(reason);
});
