import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRecording } from '@rezolus/recording';
import { describe, expect, it } from 'vitest';
import { Rezolus, run } from '../../../tests/support/rezolus.ts';
import { type Reading, snapshotOf, startAgent } from '../../recording/test/agent.ts';
import { scratch, shared } from '../../recording/test/oracle.ts';

const readings = (n: number): Reading[] => [
  { name: '1', kind: 'counter', labels: { metric: 'ops', sampler: 's' }, value: BigInt(n) },
];
const now = () => BigInt(Date.now()) * 1_000_000n;

/** agent: one that counts its scrapes. */
const agent = () => startAgent((n) => snapshotOf(now(), readings(n)));

async function rowsOf(path: string): Promise<number> {
  await using recording = await openRecording(path);
  return recording.rows;
}

describe('rezolus record', () => {
  it('wraps a command and takes its status', async () => {
    using folder = scratch();
    await using target = await agent();
    const output = folder.path('x.parquet');
    const record = (...command: string[]) =>
      run('record', '--url', target.url, '-o', output, '-i', '50ms', '-d', '700ms', '--', ...command);
    expect(await record('sleep', '0.4')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('recorded'),
    });
    expect(await record('sh', '-c', 'sleep 0.4; exit 7')).toMatchObject({ code: 7 });
    expect(await record('sh', '-c', 'sleep 0.4; kill -USR1 $$')).toMatchObject({ code: 128 + 10 });
    const began = performance.now();
    // The shell would leave its child behind if only it were ended.
    expect(await record('sh', '-c', 'sleep 60; true')).toMatchObject({ code: 124 });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await rowsOf(output)).toBeGreaterThan(5);
  }, 60_000);

  it('fails where there is nothing to record, and says so', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    const { code, stderr } = await run('record', '--url', 'http://127.0.0.1:1', '-o', output);
    expect([code, stderr]).toEqual([1, expect.stringContaining('REZ_ERR_ENDPOINT_UNREACHABLE')]);
    expect(readdirSync(folder.path('.'))).toEqual([]);
    for (const wrong of [
      ['--endpoint', 'http://h,colour=red'],
      ['--url', 'http://h', '--endpoint', 'http://h'],
      ['--config', folder.path('nothing.toml')],
      ['-m', 'novalue'],
    ]) {
      expect((await run('record', ...wrong)).code, wrong.join(' ')).toBeGreaterThan(0);
    }
  }, 60_000);

  it('records what a file says', async () => {
    using folder = scratch();
    await using target = await agent();
    const config = `${folder.path('record.toml')}`;
    const output = folder.path('x.parquet');

    writeFileSync(
      config,
      `[recording]\noutput = "${output}"\ninterval = "50ms"\nduration = "300ms"\n` +
        `[[endpoints]]\nurl = "${target.url}"\nsource = "a"\n[[endpoints]]\nurl = "${target.url}"\nsource = "b"\nrole = "load"\n`,
    );
    expect(await run('record', '--config', config)).toMatchObject({ code: 0 });
    await using recording = await openRecording(output);
    expect(recording.metadata.get('source')).toBe('["a","b"]');
    writeFileSync(config, '[recording]\noutput = "x"\nintervall = "1s"\n');
    const { code, stderr } = await run('record', '--config', config);
    expect([code, stderr]).toEqual([1, expect.stringContaining('did you mean "interval"')]);
  }, 60_000);

  it('is recovered after SIGKILL by the command that it names', async () => {
    using folder = scratch();
    await using target = await agent();
    const output = folder.path('x.parquet');
    const recorder = new Rezolus(['record', '--url', target.url, '-o', output, '-i', '20ms']);
    const rows = join(`${output}.partial`, 'rows-1');
    while (!existsSync(rows) || readFileSync(rows).length < 1000) await new Promise((r) => setTimeout(r, 20));
    const busy = await run('record', '--url', target.url, '-o', output);
    expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining('REZ_ERR_RECORDING_BUSY')]);
    recorder.child.kill('SIGKILL');
    await recorder.finished();
    const next = await run('record', '--url', target.url, '-o', output);
    expect([next.code, next.stderr]).toEqual([
      1,
      expect.stringContaining(`rezolus recording recover ${output}`),
    ]);
    expect(await run('recording', 'recover', output)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/recovered \d+ rows/),
    });
    expect(await rowsOf(output)).toBeGreaterThan(1);
    expect(await run('record', '--url', target.url, '-o', output, '-d', '100ms', '-i', '50ms')).toMatchObject(
      { code: 0 },
    );
  }, 60_000);
});

describe('rezolus recording', () => {
  const commands = ['annotate', 'combine', 'convert', 'filter', 'metadata', 'recover', 'upgrade'];

  it('explains every tool with examples', async () => {
    for (const command of [...commands.map((name) => ['recording', name]), ['record'], ['hindsight']]) {
      const { stdout, code } = await run(...command, '--help');
      const examples = new RegExp(`USAGE[\\s\\S]*EXAMPLES\\n\\s+\\$ rezolus ${command.join(' ')}`);
      expect([code, stdout]).toEqual([0, expect.stringMatching(examples)]);
    }
  }, 60_000);

  const snapshot = shared('recordings/snapshot-v3-a.msgpack');
  it.skipIf(snapshot === null)(
    'converts what an agent of the original said, with its system information and names',
    async () => {
      using folder = scratch();
      await using target = await startAgent(() => readFileSync(snapshot!));
      const [raw, plain, other] = ['x.raw', 'x.parquet', 'y.parquet'].map((name) => folder.path(name)) as [
        string,
        string,
        string,
      ];
      const at = ['record', '--url', target.url, '-i', '100ms', '-d', '300ms'];
      expect((await run(...at, '--format', 'raw', '-o', raw)).code).toBe(0);
      expect((await run(...at, '--node', 'n1', '--instance', 'i1', '-o', other)).code).toBe(0);
      const info = shared('recordings/systeminfo.json')!;
      const { code, stdout, stderr } = await run(
        'recording',
        'convert',
        raw,
        '--systeminfo',
        info,
        '-m',
        'run=1',
      );
      expect([code, stdout], stderr).toEqual([
        0,
        expect.stringMatching(/x\.parquet: \d+ rows, \d{3,} series/),
      ]);
      await using converted = await openRecording(plain);
      await using recorded = await openRecording(other);
      expect(JSON.parse(converted.metadata.get('systeminfo')!)).toEqual(
        JSON.parse(readFileSync(info, 'utf8')),
      );
      expect(converted.metadata.get('run')).toBe('1');
      const names = { node: 'n1', instance: 'i1' };
      expect(Object.fromEntries(recorded.metadata)).toMatchObject({
        ...names,
        systeminfo: '{"hostname":"test"}',
      });
      expect(recorded.columns.slice(2).every(({ metadata }) => metadata.node === 'n1')).toBe(true);
      expect(converted.columns.map(({ name }) => name)).toEqual(recorded.columns.map(({ name }) => name));
    },
    60_000,
  );

  const sample = shared('recordings/rezolus-180s.parquet');
  it.skipIf(sample === null)(
    'works on a recording of the original',
    async () => {
      using folder = scratch();
      const file = folder.path('x.parquet');
      copyFileSync(sample!, file);
      const small = folder.path('small.parquet');
      const steps: [string[], RegExp][] = [
        [
          ['annotate', file, '--node', 'n1', '--event', 'time=2026-01-31T12:00Z,desc=deploy'],
          /1 events added/,
        ],
        [['metadata', file, '--field', 'node'], /^n1$/m],
        [['metadata', '-i', file, '--geometry', '--json'], /"num_rows": 181/],
        [['filter', file, '--metrics', 'cpu_usage', '-o', small], /kept \d+ columns/],
        [['combine', file, small, '-o', folder.path('both.parquet')], /two recordings|combined/],
        [['combine', '--ab', `baseline=${file}`, `experiment=${small}`, '-o', folder.path('ab.tar')], /put/],
        [['upgrade', file], /181 rows/],
      ];
      for (const [args, expected] of steps) {
        const { stdout, stderr } = await run('recording', ...args);
        expect(stdout + stderr, args.join(' ')).toMatch(expected);
      }
      expect(await run('parquet', 'metadata', file, '--field', 'source')).toMatchObject({
        stdout: 'rezolus\n',
      });
      expect(spawnSync('tar', ['tf', folder.path('ab.tar')]).stdout.toString()).toContain('ab.json');
    },
    90_000,
  );
});
