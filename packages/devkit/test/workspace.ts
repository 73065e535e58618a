import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findToolchain, type Toolchain } from '../src/index.ts';

/** libbpfFixtures: the BPF sources that the tests of libbpf load, with their committed objects and bindings. */
export const libbpfFixtures = fileURLToPath(new URL('../../libbpf/test/fixtures', import.meta.url));

/** toolchainHere: the compiler of this machine, or undefined where tests that compile must be skipped. */
export function toolchainHere(): Toolchain | undefined {
  try {
    return findToolchain();
  } catch (error) {
    console.warn(`skipped: ${(error as Error).message}`);
    return undefined;
  }
}

/** TemporaryPackage: a plugin package in a temporary folder with headers of its own in place of @rezolus/bpf. */
export class TemporaryPackage implements Disposable {
  readonly root: string;
  readonly folder: string;

  constructor(files: Readonly<Record<string, string>>, depth = 'a') {
    this.root = mkdtempSync(join(tmpdir(), 'rezolus-devkit-test-'));
    this.folder = join(this.root, depth, 'plugin');
    this.write('package.json', '{ "name": "plugin" }');
    this.write('node_modules/@rezolus/bpf/package.json', '{ "name": "@rezolus/bpf" }');
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string | Buffer): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

const header = `#pragma once
typedef unsigned char __u8; typedef unsigned short __u16; typedef int __s32; typedef unsigned int __u32;
typedef long long __s64; typedef unsigned long long __u64;
typedef __u16 __be16; typedef __u32 __be32; typedef __u32 __wsum;
enum { BPF_MAP_TYPE_ARRAY = 2 };
#include <bpf/bpf_helpers.h>
static __always_inline __u64 doubled(__u64 value)
{
	return value * 2;
}
`;

/** counterFiles: a plugin of one program that uses a header of @rezolus/bpf and one of its own src. */
export const counterFiles = {
  'node_modules/@rezolus/bpf/include/rezolus/test.h': header,
  'src/usage/usage.bpf.h': 'const volatile __u64 step = 3;\n',
  'bpf/counter.bpf.c': `#include <rezolus/test.h>
#include "usage/usage.bpf.h"
char LICENSE[] SEC("license") = "GPL";
__u64 counter;
SEC("raw_tp/sys_enter") int count(void *context)
{
	counter += doubled(step);
	return 0;
}
`,
};
