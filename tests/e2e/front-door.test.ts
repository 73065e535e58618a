import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startAgent } from '@rezolus/agent';
import { agentConfigSchema } from '@rezolus/agent/config-file';
import { SamplerRegistry } from '@rezolus/core';
import { parseConfig } from '@rezolus/core/config';
import { HttpClient, parseEndpoint } from '@rezolus/core/http';
import { startExporter } from '@rezolus/exporter';
import { exporterConfigSchema } from '@rezolus/exporter/config-file';
import { startHindsight } from '@rezolus/hindsight';
import { hindsightConfigSchema } from '@rezolus/hindsight/config-file';
import { record } from '@rezolus/recording';
import { liveSource, startViewer } from '@rezolus/viewer';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { TemporaryFolder } from '../support/rezolus.ts';

const logger = pino({ level: 'silent' });
const token = 'open-sesame';

/** credentials: a web-config file and its client's counterpart. */
function credentials(folder: TemporaryFolder) {
  const openssl = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...openssl, ...names, '-keyout', 'key.pem', '-out', 'cert.pem'], {
    cwd: folder.path,
    stdio: 'pipe',
  });
  const hash = createHash('sha256').update(token).digest('hex');
  const web = `tls_server_config: { cert_file: cert.pem, key_file: key.pem }\nbearer_tokens: { test: ${hash} }\n`;
  folder.file('token', token);
  const client = 'authorization: { credentials_file: token }\ntls_config: { ca_file: cert.pem }\n';
  const stranger = 'tls_config: { ca_file: cert.pem }\n';
  return {
    web: folder.file('web.yml', web),
    client: folder.file('client.yml', client),
    stranger: folder.file('stranger.yml', stranger),
  };
}

async function statusOf(address: string, file: string): Promise<number> {
  const base = parseEndpoint(address.replace(/\/$/, ''))!;
  using client = await HttpClient.open(base, file);
  return await client.get(new URL('/', base), 10_000).then(
    ({ status }) => status,
    (error: { code: string }) => (error.code === 'REZ_ERR_ENDPOINT_DENIED' ? 401 : 0),
  );
}

it('is the same for agent, exporter, hindsight and viewer, and all clients come in', async () => {
  using folder = new TemporaryFolder();
  const { web, client, stranger } = credentials(folder);
  const front = `listen = "127.0.0.1:0"\nweb_config_file = "${web}"\n`;
  const agentConfig = parseConfig(
    `[general]\n${front}[defaults]\nenabled = false\n`,
    'agent.toml',
    agentConfigSchema([]),
  );
  await using agent = await startAgent({ config: agentConfig, registry: new SamplerRegistry(), logger });
  const source = `source = "${agent.address}"\nhttp_config_file = "${client}"\n`;
  const exporterConfig = parseConfig(
    `[general]\n${front}${source}interval = "50ms"\n`,
    'exporter.toml',
    exporterConfigSchema,
  );
  await using exporter = await startExporter({ config: exporterConfig, logger });
  const hindsightConfig = parseConfig(
    `[general]\n${front}${source}interval = "50ms"\noutput = "${join(folder.path, 'dump.parquet')}"\n`,
    'hindsight.toml',
    hindsightConfigSchema,
  );
  await using hindsight = await startHindsight({ config: hindsightConfig, logger });
  const live = liveSource(agent.address, { intervalMs: 50, httpConfigFile: client });
  const viewer = await startViewer({
    sources: [{ source: live }],
    listen: { host: '127.0.0.1', port: 0 },
    webConfigFile: web,
  });
  try {
    for (const address of [agent.address, exporter.address, hindsight.address!, viewer.address]) {
      expect(address).toMatch(/^https:/);
      expect(await statusOf(address, client)).toBe(200);
      expect(await statusOf(address, stranger)).toBe(401);
      expect(await statusOf(address, '')).toBe(0);
      expect(await statusOf(address.replace('https', 'http'), client)).toBe(0);
    }
    await vi.waitUntil(() => live.live!.connected, 10_000);
    await vi.waitUntil(async () => (await hindsight.status()).rows > 0, 10_000);
    const stop = new AbortController();
    const recorded = await record({
      endpoints: [{ url: agent.address, httpConfigFile: client }],
      output: join(folder.path, 'recording.parquet'),
      intervalMs: 20,
      durationMs: 200,
      metadata: {},
      signal: stop.signal,
    });
    expect(recorded).toMatchObject({ failed: 0 });
    expect(recorded.rows).toBeGreaterThan(2);
  } finally {
    await viewer.close();
  }
});

it('is a socket for those of its group', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'agent.sock');
  const config = parseConfig(
    `[general]\nlisten = "unix:${path}"\n[defaults]\nenabled = false\n`,
    'agent.toml',
    agentConfigSchema([]),
  );
  {
    await using agent = await startAgent({ config, registry: new SamplerRegistry(), logger });
    expect(agent.address).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(await statusOf(agent.address, '')).toBe(200);
  }
  expect(existsSync(path)).toBe(false);
});

it('costs nothing where no file is named', () => {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    const { FrontDoor } = await import('${new URL('../../packages/core/src/http/index.ts', import.meta.url).href}');
    await FrontDoor.open({ webConfigFile: '', log: console, maxConnections: 1, idleMs: 1 });
    console.log(loaded.join('\\n'));`;
  const loaded = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect(loaded).toContain('front-door.ts');
  expect(loaded).not.toMatch(/node_modules|web-guard|web-config|password/);
});
