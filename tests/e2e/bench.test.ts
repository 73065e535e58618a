import { describe, expect, it } from 'vitest';
import { base, measureLoad, variantOf } from '../../bench/overhead.ts';
import { empty } from '../../bench/src/gen/empty.bpf.ts';
import { slowed } from '../../bench/src/gen/slowed.bpf.ts';
import { median } from '../../bench/table.ts';

describe('the bench', () => {
  it('sees a program that was made slow', async () => {
    const load = {
      name: 'getppid',
      operation: 'system call',
      args: ['syscalls', 200_000],
      cpuTime: true,
    };
    const nothing = { ...base, name: 'nothing' };
    const variants = [base, nothing, variantOf('empty', empty), variantOf('slowed', slowed)];
    const samples = await measureLoad(load, variants, 3);
    const added = (name: string) =>
      median(samples.get(name)!.map((ns, round) => ns - samples.get('base')![round]!));
    // It reads the clock 20 times; one reading takes 20 ns at least.
    expect(added('slowed') - added('empty')).toBeGreaterThan(400);
    expect(added('empty')).toBeGreaterThan(20);
    expect(Math.abs(added('nothing'))).toBeLessThan(added('slowed') / 4);
  });
});
