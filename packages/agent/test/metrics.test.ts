import { readFileSync } from 'node:fs';
import { parseConfig } from '@rezolus/core/config';
import { exporterConfigSchema } from '@rezolus/exporter/config-file';
import { decodeSnapshot, parseExposition } from '@rezolus/exposition';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { startAgent as startProcess, TemporaryFolder } from '../../../tests/support/rezolus.ts';
import { agentConfigSchema } from '../src/config-file.ts';
import { startAgent } from '../src/index.ts';
import { definition, noBpf, registryOf } from './fakes.ts';

const withTtl = (ttl: string) => `[general]\nlisten = "127.0.0.1:0"\nttl = "${ttl}"\n`;
const parse = (text: string) => parseConfig(text, 'agent.toml', agentConfigSchema([]));
const start = (toml: string, ttl = '1s') =>
  startAgent({
    config: parse(withTtl(ttl) + toml),
    registry: registryOf(definition('one'), definition('two')),
    bpf: noBpf,
    logger: pino({ level: 'silent' }),
  });

describe('/metrics of the agent', () => {
  it('is of the snapshot that the agent serves to others', async () => {
    await using agent = await start('[prometheus]\nlisten = "127.0.0.1:0"\nexclude = ["two*"]\n');
    const response = await fetch(`${agent.metricsAddress}/metrics`, {
      headers: { accept: 'application/openmetrics-text;version=1.0.0' },
    });
    const families = parseExposition(await response.text(), 'openmetrics');
    const snapshot = decodeSnapshot(await (await fetch(`${agent.address}/metrics/binary`)).bytes());
    const one = snapshot.groups.find(({ name }) => name === 'one/main')!;
    expect(one.counters[0]).toBe(1n);
    expect(families.find(({ name }) => name === 'one')).toMatchObject({
      help: 'refreshes of one',
      samples: [{ name: 'one_total', labels: { sampler: 'one' }, value: 1 }],
    });
    expect(families.map(({ name }) => name)).not.toContain('two');
    expect(families.find(({ name }) => name === 'rezolus_exporter_agent_up')!.samples[0]!.value).toBe(1);
    // Its own door shows the same snapshot as the agent's.
    const other = decodeSnapshot(await (await fetch(`${agent.metricsAddress}/metrics/binary`)).bytes());
    expect(other.systemTimeNs).toBe(snapshot.systemTimeNs);
  });

  it('is read once for scrapers that ask at about the same time', async () => {
    await using agent = await start('[prometheus]\nlisten = "127.0.0.1:0"\n', '0s');
    const scrape = async () => (await fetch(`${agent.metricsAddress}/metrics`)).text();
    const startMs = performance.now();
    const answers = await Promise.all(Array.from({ length: 200 }, scrape));
    const readings = new Set(answers.map((text) => /^one_total\S* (\d+)$/m.exec(text)![1]));
    // Ten per second at most, however long this machine takes.
    expect(readings.size).toBeLessThanOrEqual(2 + (performance.now() - startMs) / 100);
  });

  it('is nowhere unless it is asked for', async () => {
    await using agent = await start('');
    expect(agent.metricsAddress).toBeNull();
    expect((await fetch(`${agent.address}/metrics`)).status).toBe(404);
  });

  it('stops the start where its address cannot be had', async () => {
    await using agent = await start('');
    const { host } = new URL(agent.address);
    await expect(start(`[prometheus]\nlisten = "${host}"\n`)).rejects.toMatchObject({
      code: 'REZ_ERR_LISTEN',
    });
  });

  it.each(['', 'listen = "127.0.0.1:0"'])(
    'loads an exporter only where there is one: "%s"',
    async (listen) => {
      // Says at the end on stdout what the agent has loaded. The command line that reads its configuration is another program.
      const hooks = `import { registerHooks } from 'node:module';
      import { writeSync } from 'node:fs';
      const loaded = [];
      if (/agent.src.main/.test(process.argv[1])) {
        registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
        process.on('exit', () => writeSync(1, loaded.join('\\n')));
      }`;
      using folder = new TemporaryFolder();
      const { agent } = await startProcess(folder, `[defaults]\nenabled = false\n[prometheus]\n${listen}\n`, {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hooks)}`,
      });
      await agent[Symbol.asyncDispose]();
      expect(agent.stdout).toContain('/agent/src/agent.ts');
      expect(/\/exporter\/src|\/prom-client\//.test(agent.stdout)).toBe(listen !== '');
    },
  );
});

describe('[prometheus] of agent.toml', () => {
  it("has the exporter's keys and defaults", () => {
    const theirs = parseConfig('', 'exporter.toml', exporterConfigSchema).prometheus;
    expect(parse('').prometheus).toEqual({ listen: null, web_config_file: '', hosts: [], ...theirs });
    const shipped = readFileSync(new URL('../../../config/agent.toml', import.meta.url), 'utf8');
    expect(parse(/^\[prometheus\]\n(?:(?!\[).*\n)*/m.exec(shipped)![0])).toEqual(parse(''));
  });

  it.each([
    ['listen = "4242"', 'prometheus.listen: "4242" is not an address such as 127.0.0.1:4242'],
    ['include = ["a{"]', '"a{" is not a selector'],
    ['histogram_grouping_power = 4', 'prometheus.histogram_grouping_power'],
    ['summary = true', 'did you mean "summaries"?'],
  ])('refuses %s', (line, message) => {
    expect(() => parse(`[prometheus]\n${line}`)).toThrow(message);
  });
});
