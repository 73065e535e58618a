import { defineConfig } from 'vitest/config';

// Six projects by what they touch, one after the other: unit (nothing but memory and files), kernel (loads BPF into the
// running kernel; one file at a time, because known loads are counted), load (measures times, so it has the machine to
// itself), e2e (whole processes, a browser), and kernels (boots other kernels) with minute (mostly waits) beside it.
export default defineConfig({
  test: {
    pool: 'forks',
    // CI has two CPUs that others slow down; what passed at the second try is marked as such in the report.
    retry: process.env.CI === undefined ? 0 : 1,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'tests/unit/**/*.test.ts'],
          exclude: ['**/*.{bpf,load,minute}.test.ts', '**/node_modules/**'],
          sequence: { groupOrder: 0 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: ['packages/*/test/**/*.bpf.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'kernels',
          include: ['tests/kernels/**/*.test.ts'],
          // One file, and one of `minute` beside it.
          maxWorkers: 2,
          // After the others: an emulated machine needs both CPUs.
          sequence: { groupOrder: 4 },
          testTimeout: 30_000,
          hookTimeout: 480_000,
        },
      },
      {
        test: {
          name: 'minute',
          include: ['packages/*/test/**/*.minute.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
          testTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'load',
          include: ['packages/*/test/**/*.load.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/{e2e,browser,faults,packages,plugin-install}/**/*.test.ts'],
          // Much of their time is waiting: for processes, installations, a browser.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
