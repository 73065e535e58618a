import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runLoad } from '@rezolus/devkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPython, python, shared } from '../../packages/recording/test/oracle.ts';
import { CountingProxy, Rezolus, root, run, startAgent, TemporaryFolder } from '../support/rezolus.ts';

interface Column {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Schema {
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly keys: readonly string[];
}

const readSchema = `
import json, sys, pyarrow.parquet as pq
t = pq.read_table(sys.argv[1])
text = lambda m: {k.decode(): v.decode() for k, v in (m or {}).items() if k != b'PARQUET:field_id'}
print(json.dumps({'rows': t.num_rows, 'keys': sorted(text(t.schema.metadata)),
  'columns': [{'type': str(f.type), 'metadata': text(f.metadata)} for f in t.schema]}))`;

/** Increase of a counter over a recording, all matching series added up, by pyarrow. */
const increase = `
import json, sys, pyarrow.parquet as pq
metric, labels = sys.argv[2], json.loads(sys.argv[3])
t = pq.read_table(sys.argv[1])
total = 0
for i, f in enumerate(t.schema):
    m = {k.decode(): v.decode() for k, v in (f.metadata or {}).items()}
    if m.get('metric') == metric and all(m.get(k) == v for k, v in labels.items()):
        values = [v for v in t.column(i).to_pylist() if v is not None]
        total += values[-1] - values[0]
print(json.dumps(total))`;

/** Identity of a series: its metadata without where it came from. */
function identities({ columns }: Schema, samplers: ReadonlySet<string>): Map<string, string> {
  return new Map(
    columns
      .filter(({ metadata }) => samplers.has(metadata.sampler ?? ''))
      .map(({ type, metadata: { endpoint: _, source: __, ...identity } }) => [
        JSON.stringify(Object.entries(identity).sort()),
        type,
      ]),
  );
}

/** What needs no PMU and no device of its own: healthy on every kernel that we support. */
const software = [
  ...['blockio_latency', 'blockio_requests'],
  ...['cpu_bandwidth', 'cpu_cores', 'cpu_hardirq', 'cpu_migrations', 'cpu_tlb_flush', 'cpu_usage'],
  ...['memory_meminfo', 'memory_vmstat', 'network_interfaces', 'network_traffic'],
  ...['scheduler_runqueue', 'syscall_counts', 'syscall_latency'],
  ...['tcp_connect_latency', 'tcp_packet_latency', 'tcp_receive', 'tcp_retransmit', 'tcp_traffic'],
];

describe('from the kernel to a query', () => {
  const folder = new TemporaryFolder();
  const file = join(folder.path, 'rezolus.parquet');
  let agent: Rezolus;
  let url: string;

  beforeAll(async () => {
    ({ agent, url } = await startAgent(folder));
  });
  afterAll(async () => {
    await agent[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('has every sampler running, and says so', async () => {
    const { code, stdout } = await run('status', url);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Rezolus 0\.1\.0 {3}up .* ttl /);
    expect(stdout).toMatch(/\d+ healthy, \d+ unsupported, 0 degraded, 0 failed/);
    const json = await run('status', url, '--json');
    const samplers: { name: string; health?: string; error?: string }[] = JSON.parse(json.stdout).samplers;
    const health = new Map(samplers.map((sampler) => [sampler.name, sampler.health]));
    expect(software.filter((name) => health.get(name) !== 'healthy')).toEqual([]);
    for (const { name, health, error } of samplers)
      if (health !== 'healthy') expect(error, `${name} is ${health}`).toMatch(/\w+ \w+/);
  });

  it('has no sampler for hardware that is not there', async ({ skip }) => {
    const json = await run('status', url, '--json');
    const samplers: { name: string; health?: string }[] = JSON.parse(json.stdout).samplers;
    const ethtool = samplers.find(({ name }) => name === 'network_ethtool')!;
    if (ethtool.health === 'healthy') skip('this machine has an ENA device');
    expect(ethtool).toMatchObject({ health: 'unsupported', error: expect.stringContaining('ENA') });
  });

  it('answers on the routes of the original', async () => {
    const types: Record<string, string | null> = {};
    for (const path of [
      '/',
      '/metrics/binary',
      '/metrics/json',
      '/metrics/descriptions',
      '/systeminfo',
      '/samplers',
      '/status',
    ]) {
      const answer = await fetch(url + path);
      expect(answer.status, path).toBe(200);
      types[path] = answer.headers.get('content-type');
    }
    expect(types['/metrics/binary']).toBe('application/octet-stream');
    expect(types['/status']).toMatch(/^application\/json/);
  });

  it('records a known load', async () => {
    await using scrapes = await CountingProxy.start(url);
    const recorder = new Rezolus(['record', '--interval', '200ms', '--url', scrapes.url, '-o', file]);
    // The load lies between two samples.
    await scrapes.reach(2);
    expect(existsSync(`${file}.partial`)).toBe(true);
    await runLoad('syscalls', 500_000);
    await scrapes.reach(scrapes.count + 2);
    recorder.child.kill('SIGINT');
    const { code, stdout } = await recorder.finished();
    expect(stdout).toMatch(/recorded .* rows, \d+ series, .* nothing dropped/);
    expect(code).toBe(0);
    expect(existsSync(`${file}.partial`)).toBe(false);
  });

  it.skipIf(!hasPython)('wrote plain Parquet: pyarrow finds the load in it', () => {
    const calls = python<number>(increase, file, 'syscall', '{"op":"query"}');
    expect(calls).toBeGreaterThanOrEqual(500_000);
    expect(calls).toBeLessThan(502_000);
  });

  it.skipIf(!hasPython || shared('recordings') === null)(
    'wrote the series, types and file keys of the original',
    () => {
      const ours = python<Schema>(readSchema, file);
      const theirs = python<Schema>(readSchema, shared('recordings/rezolus-180s.parquet')!);
      // Of the samplers that both have; cpu_usage cannot work in the original on this kernel, so it has less there.
      const samplers = new Set([
        'cpu_cores',
        'cpu_migrations',
        'cpu_usage',
        'memory_meminfo',
        'memory_vmstat',
        'rezolus_rusage',
        'scheduler_runqueue',
        'syscall_counts',
        'syscall_latency',
      ]);
      const have = identities(ours, samplers);
      const want = identities(theirs, samplers);
      expect(want.size).toBeGreaterThan(60);
      expect([...want].filter(([identity, type]) => have.get(identity) !== type)).toEqual([]);
      expect(theirs.keys.filter((key) => !ours.keys.includes(key))).toEqual([]);
      for (const column of [ours.columns[0], theirs.columns[0]]) {
        expect(column).toMatchObject({
          type: 'uint64',
          metadata: { metric_type: 'timestamp', unit: 'nanoseconds' },
        });
      }
    },
  );

  it('is viewed: the Prometheus API says what pyarrow says', async () => {
    await using viewer = new Rezolus(['view', file]);
    const [, address] = await viewer.printed(/viewing rezolus\.parquet at (http:\S+)/);
    const ask = async (query: string) => {
      const answer = await fetch(`${address}api/v1/query?${new URLSearchParams({ query })}`);
      return ((await answer.json()) as { data: { result: { value: [number, string] }[] } }).data.result;
    };
    const total = await ask(
      'sum(last_over_time(syscall{op="query"}[1m])) - sum(min_over_time(syscall{op="query"}[1m]))',
    );
    const calls = Number(total[0]!.value[1]);
    expect(calls).toBeGreaterThanOrEqual(500_000);
    if (hasPython) expect(calls).toBe(python<number>(increase, file, 'syscall', '{"op":"query"}'));
    const page = await fetch(address!);
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe-inline');
    expect(await page.text()).toContain('<title>');
  });

  it('ends with 0 when it is told to', async () => {
    agent.child.kill('SIGTERM');
    expect((await agent.finished()).code).toBe(0);
    expect(await run('status', url)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('REZ_ERR_ENDPOINT_UNREACHABLE'),
    });
  });
});

describe('the command line', () => {
  it('has help with examples for each command', async () => {
    for (const command of ['agent', 'status', 'record', 'view']) {
      const { code, stdout } = await run(command, '--help');
      expect(code).toBe(0);
      expect(stdout).toMatch(/EXAMPLES\n {2}\$ rezolus /);
    }
  });

  it('names file, line, key and the nearest known key of a typo in the configuration', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(
      'agent.toml',
      '[general]\nlisten = "127.0.0.1:0"\n\n[samplers.cpu_usge]\nenabled = false\n',
    );
    const { code, stderr } = await run(path);
    expect(code).toBe(1);
    expect(stderr).toContain(`${path}:4: unknown key "samplers.cpu_usge"; did you mean "cpu_usage"?`);
    expect(stderr).toContain('REZ_ERR_CONFIG_UNKNOWN_KEY');
  });

  it('says who has the address when the agent cannot listen', async () => {
    using folder = new TemporaryFolder();
    const { agent, url } = await startAgent(folder);
    await using _agent = agent;
    const path = folder.file('second.toml', `[general]\nlisten = "${new URL(url).host}"\n`);
    const { code, stderr } = await run('agent', path);
    expect(code).toBe(1);
    expect(stderr).toContain('REZ_ERR_LISTEN');
    expect(stderr).toContain(new URL(url).host);
  });

  it('ends quietly when its output is closed', () => {
    const script = `"${process.execPath}" packages/cli/bin/run.ts --help | head -1; echo "\${PIPESTATUS[0]}"`;
    const output = execFileSync('bash', ['-c', script], { cwd: root, encoding: 'utf8' });
    expect(output.trim().split('\n').at(-1)).toBe('0');
  });
});
