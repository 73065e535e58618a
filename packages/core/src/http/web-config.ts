import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseDuration } from '../duration.ts';
import { RezolusError } from '../errors.ts';
import { loadYaml } from './yaml-file.ts';

/** Go's names of what a client certificate has to be; the last one is the one that protects. */
const clientAuth = z.enum([
  'NoClientCert',
  'RequestClientCert',
  'RequireClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
]);

const tlsVersion = z.enum(['TLS10', 'TLS11', 'TLS12', 'TLS13']);

const tlsServer = z.strictObject({
  cert: z.string().optional(),
  key: z.string().optional(),
  client_ca: z.string().optional(),
  cert_file: z.string().optional(),
  key_file: z.string().optional(),
  client_ca_file: z.string().optional(),
  client_auth_type: clientAuth.default('NoClientCert'),
  client_allowed_sans: z.array(z.string()).default([]),
  min_version: tlsVersion.default('TLS12'),
  max_version: tlsVersion.default('TLS13'),
  cipher_suites: z.array(z.string()).default([]),
  prefer_server_cipher_suites: z.boolean().default(true),
  curve_preferences: z.array(z.string()).default([]),
});

/** TlsServerConfig: `tls_server_config`; paths are absolute. */
export type TlsServerConfig = Readonly<z.output<typeof tlsServer>>;

const headers = z.strictObject({
  'Content-Security-Policy': z.string().optional(),
  'X-Frame-Options': z.enum(['', 'deny', 'sameorigin']).optional(),
  'X-Content-Type-Options': z.enum(['', 'nosniff']).optional(),
  'X-XSS-Protection': z.string().optional(),
  'Strict-Transport-Security': z.string().optional(),
});

// A hash of a higher cost would take minutes to check.
const bcryptHash = z
  .string()
  .regex(/^\$2[aby]\$(0[4-9]|1[0-8])\$[./A-Za-z0-9]{53}$/, 'not a bcrypt hash of a cost from 4 to 18');

const tokenHash = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 hash: 64 digits of 0-9 and a-f');

const schema = z.strictObject({
  tls_server_config: tlsServer.optional(),
  http_server_config: z
    .strictObject({ http2: z.boolean().optional(), headers: headers.prefault({}) })
    .prefault({}),
  basic_auth_users: z.record(z.string(), bcryptHash).nullish(),
  bearer_tokens: z.record(z.string(), tokenHash).nullish(),
  rate_limit: z
    .strictObject({
      interval: z.union([z.literal(0), z.string()]).default(0),
      burst: z.int().min(0).default(0),
    })
    .optional(),
});

/** WebConfig: a web-config file: what a server asks of its clients. */
export interface WebConfig {
  /** Null = no TLS. */
  readonly tls: TlsServerConfig | null;
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** User name to bcrypt hash. */
  readonly users: ReadonlyMap<string, string>;
  /** SHA-256 hashes. */
  readonly tokens: readonly Buffer[];
  /** A token bucket: one request per `intervalMs`, `burst` at once; null = no limit. */
  readonly rateLimit: { readonly intervalMs: number; readonly burst: number } | null;
  /** The file and those that it names. */
  readonly files: readonly string[];
}

/**
 * loadWebConfig: reads a file in the format of Prometheus' exporter-toolkit (docs/web-configuration.md of that project),
 * with `bearer_tokens` (name to SHA-256) besides. Relative paths are beside the file. HTTP/2 is not spoken, whatever
 * `http2` says. Throws REZ_ERR_CONFIG_READ, _SYNTAX, _UNKNOWN_KEY and _INVALID; no message has a secret in it.
 */
export function loadWebConfig(path: string): WebConfig {
  const file = loadYaml(path, schema);
  const invalid = (reason: string) => new RezolusError('REZ_ERR_CONFIG_INVALID', `${path}: ${reason}`);
  const tls = file.tls_server_config === undefined ? null : { ...file.tls_server_config };
  const files = [path];
  if (tls !== null) {
    for (const name of ['cert', 'key', 'client_ca'] as const) {
      const given = tls[`${name}_file`] || undefined;
      if (given === undefined) continue;
      if (tls[name] !== undefined) throw invalid(`tls_server_config has both ${name} and ${name}_file`);
      tls[`${name}_file`] = resolve(dirname(path), given);
      files.push(tls[`${name}_file`]!);
    }
    const has = (name: 'cert' | 'key' | 'client_ca') => Boolean(tls[name] ?? tls[`${name}_file`]);
    if (!has('cert') || !has('key')) throw invalid('tls_server_config needs a certificate and a key');
    if (tls.client_auth_type.includes('Verify') && !has('client_ca'))
      throw invalid(`${tls.client_auth_type} needs client_ca_file`);
    if (tls.client_auth_type === 'NoClientCert' && has('client_ca'))
      throw invalid('client_ca_file needs a client_auth_type that asks for certificates');
    if (tls.client_allowed_sans.length > 0 && !/^Require(Any|AndVerify)/.test(tls.client_auth_type))
      throw invalid('client_allowed_sans needs RequireAnyClientCert or RequireAndVerifyClientCert');
  }
  const { interval = 0, burst = 0 } = file.rate_limit ?? {};
  const intervalMs = interval === 0 || interval === '0' ? 0 : parseDuration(interval);
  if (intervalMs === null) throw invalid(`rate_limit.interval: "${interval}" is not a duration such as 1s`);
  const answerHeaders = Object.entries(file.http_server_config.headers).filter(([, value]) => value);
  return {
    tls,
    headers: Object.fromEntries(answerHeaders) as Record<string, string>,
    users: new Map(Object.entries(file.basic_auth_users ?? {})),
    tokens: Object.values(file.bearer_tokens ?? {}).map((hash) => Buffer.from(hash, 'hex')),
    rateLimit: intervalMs === 0 ? null : { intervalMs, burst: Math.max(burst, 1) },
    files,
  };
}
