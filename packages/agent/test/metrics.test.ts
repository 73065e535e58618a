import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@rezolus/core/config';
import { exporterConfigSchema } from '@rezolus/exporter/config-file';
import { decodeSnapshot, parseExposition } from '@rezolus/exposition';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { agentConfigSchema } from '../src/config-file.ts';
import { startAgent } from '../src/index.ts';
import { definition, noBpf, registryOf } from './fakes.ts';

const general = '[general]\nlisten = "127.0.0.1:0"\nttl = "1s"\n';
const parse = (text: string) => parseConfig(text, 'agent.toml', agentConfigSchema([]));
const start = (toml: string) =>
  startAgent({
    config: parse(general + toml),
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
      const config = parse(`${general}[defaults]\nenabled = false\n[prometheus]\n${listen}`);
      const hooks =
        'import { registerHooks } from "node:module"; import { writeSync } from "node:fs";' +
        'registerHooks({ load(url, context, next) { writeSync(1, url + "\\n"); return next(url, context); } });';
      const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
      const child = spawn(
        process.execPath,
        [
          '--import',
          `data:text/javascript,${encodeURIComponent(hooks)}`,
          main,
          JSON.stringify({ config, plugins: [] }),
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let loaded = '';
      let log = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        loaded += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text) => {
        log += text;
      });
      while (!log.includes('"listening') && child.exitCode === null) {
        await Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
      }
      child.kill('SIGTERM');
      await once(child, 'close');
      expect(log).toContain('"listening');
      expect(loaded).toContain('/agent/src/agent.ts');
      expect(/\/exporter\/src|\/prom-client\//.test(loaded)).toBe(listen !== '');
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
