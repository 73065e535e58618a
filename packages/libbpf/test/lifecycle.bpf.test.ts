import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { createBpfLoader, LibbpfObject, libbpfVersion } from '../src/index.ts';
import { sample } from './fixtures/src/gen/sample.bpf.ts';

/** Opens, loads, attaches and maps all there is, and disposes it. */
function cycle(): void {
  using object = LibbpfObject.open(sample);
  object.configure({ watched_pid: process.pid });
  object.load();
  object.attachAll(['sys_enter', 'sys_enter_raw', 'no_such_raw_event']);
  object.map('banks');
  object.map('smalls');
  object.iterator('tasks').read();
}

const openFiles = () => readdirSync('/proc/self/fd').length;
const mappings = () => readFileSync('/proc/self/maps', 'utf8').match(/bpf-map/g)?.length ?? 0;

function loadedPrograms(): number {
  const programs: { name?: string }[] = JSON.parse(
    execFileSync('bpftool', ['prog', 'show', '-j'], { encoding: 'utf8' }),
  );
  return programs.filter(({ name }) => name === 'write_smalls').length;
}

describe('disposal', () => {
  it('leaves no file, mapping or program behind', async () => {
    cycle();
    const files = openFiles();
    cycle();
    expect(openFiles()).toBe(files);
    expect(mappings()).toBe(0);
    // The kernel frees a program after a grace period.
    await vi.waitFor(() => expect(loadedPrograms()).toBe(0), { timeout: 5000 });
  });

  it('empties the views, also those that others made', () => {
    const object = LibbpfObject.open(sample);
    object.load();
    const { u64, u32, bytes } = object.map('banks');
    const other = new DataView(u64.buffer, 8, 8);
    const tasks = object.iterator('tasks');
    expect(u64.length).toBe(sample.maps.banks.valueSize / 8);
    object[Symbol.dispose]();
    expect([u64.length, u32.length, bytes.length, u64[0]]).toEqual([0, 0, 0, undefined]);
    expect(() => other.getUint8(0)).toThrow(TypeError);
    object[Symbol.dispose]();
    expect(() => object.map('banks')).toThrow(/is closed/);
    expect(() => object.load()).toThrow(/is closed/);
    expect(() => tasks.read()).toThrow(/is closed/);
  });

  it('does not leak in 200 cycles', () => {
    for (let i = 0; i < 20; i++) cycle();
    const files = openFiles();
    const before = residentKb();
    for (let i = 0; i < 200; i++) cycle();
    expect(openFiles()).toBe(files);
    expect(mappings()).toBe(0);
    // A leaked object would be 20 KB at least, its BTF of the kernel 5 MB.
    expect(residentKb() - before).toBeLessThan(16_000);
  });
});

describe('the process', () => {
  it('needs rights', () => {
    const script = fileURLToPath(new URL('./fixtures/load-sample.ts', import.meta.url));
    const args = ['--bounding-set=-all', '--inh-caps=-all', process.execPath, script];
    const { stdout, stderr } = spawnSync('setpriv', args, { encoding: 'utf8' });
    expect(stdout, stderr).toBe('REZ_ERR_BPF_PERMISSION\n');
  });

  it('needs libbpf', () => {
    const script = fileURLToPath(new URL('./fixtures/load-sample.ts', import.meta.url));
    const env = { ...process.env, REZOLUS_LIBBPF: '/nonexistent/libbpf.so.1' };
    const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env });
    expect(stdout, stderr).toBe('REZ_ERR_BPF_LIBRARY\n');
  });

  it('says what it uses', () => {
    expect(libbpfVersion()).toMatch(/^v1\.\d+/);
    using object = createBpfLoader().open(sample);
    expect(object).toBeInstanceOf(LibbpfObject);
  });
});

function residentKb(): number {
  return Math.round(process.memoryUsage.rss() / 1024);
}
