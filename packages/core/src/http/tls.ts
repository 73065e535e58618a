import type { PeerCertificate, SecureVersion, TLSSocket, TlsOptions } from 'node:tls';
import { RezolusError } from '../errors.ts';
import type { TlsServerConfig } from './web-config.ts';
import { readText } from './yaml-file.ts';

const versions: Readonly<Record<TlsServerConfig['min_version'], SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

const curves: Readonly<Record<string, string>> = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
  X25519MLKEM768: 'X25519MLKEM768',
};

/**
 * tlsOptions: `tls_server_config` as Node takes it; reads the files. Go's names of cipher suites and curves become
 * OpenSSL's. Throws REZ_ERR_CONFIG_READ and REZ_ERR_CONFIG_INVALID.
 */
export function tlsOptions(config: TlsServerConfig): TlsOptions {
  const pem = (text: string | undefined, file: string | undefined) => text ?? (file ? readText(file) : '');
  const ca = pem(config.client_ca, config.client_ca_file);
  const { client_auth_type: clientAuth, cipher_suites: suites, curve_preferences: preferred } = config;
  return {
    cert: pem(config.cert, config.cert_file),
    key: pem(config.key, config.key_file),
    ...(ca !== '' && { ca }),
    requestCert: clientAuth !== 'NoClientCert',
    rejectUnauthorized: clientAuth === 'RequireAndVerifyClientCert',
    minVersion: versions[config.min_version],
    maxVersion: versions[config.max_version],
    honorCipherOrder: config.prefer_server_cipher_suites,
    ...(suites.length > 0 && { ciphers: suites.map(cipherOf).join(':') }),
    ...(preferred.length > 0 && { ecdhCurve: preferred.map(curveOf).join(':') }),
    handshakeTimeout: 10_000,
  };
}

function curveOf(name: string): string {
  const curve = curves[name];
  if (curve !== undefined) return curve;
  throw new RezolusError('REZ_ERR_CONFIG_INVALID', `curve_preferences: ${name} is not known`);
}

/** cipherOf: e.g. `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` -> `ECDHE-RSA-AES128-GCM-SHA256`. Those of TLS 1.3 are as they are. */
function cipherOf(name: string): string {
  if (/^TLS_(AES|CHACHA20)_[A-Z0-9_]+$/.test(name)) return name;
  const match = /^TLS_(?:(ECDHE)_(RSA|ECDSA)|RSA)_WITH_([A-Z0-9_]+)$/.exec(name);
  if (match === null) throw new RezolusError('REZ_ERR_CONFIG_INVALID', `cipher_suites: ${name} is not known`);
  const [, exchange, signature, rest = ''] = match;
  const cipher = rest
    .replace(/^AES_(\d+)_/, 'AES$1_')
    .replace(/^(AES\d+)_CBC_/, '$1_')
    .replace(/^(CHACHA20_POLY1305)_SHA256$/, '$1');
  return [exchange, signature, ...cipher.split('_')].filter((part) => part !== undefined).join('-');
}

/** isWelcome: whether the certificate of a client, or the lack of one, is what `client_auth_type` wants. */
export function isWelcome(socket: TLSSocket, config: TlsServerConfig): boolean {
  const { client_auth_type: wanted, client_allowed_sans: allowed } = config;
  if (wanted === 'NoClientCert') return true;
  const certificate = socket.getPeerCertificate();
  const given = Object.keys(certificate).length > 0;
  if (!given) return !wanted.startsWith('Require');
  if (wanted.includes('Verify') && !socket.authorized) return false;
  return allowed.length === 0 || sansOf(certificate).some((san) => allowed.includes(san));
}

/** sansOf: DNS names, addresses, mail addresses and URIs of a certificate. Node puts what has a comma into quotes. */
function sansOf({ subjectaltname = '' }: PeerCertificate): string[] {
  const names = subjectaltname.matchAll(/(?:^|, )[\w ]+:("(?:[^"\\]|\\.)*"|[^,]*)/gy);
  return [...names].map(([, name = '']) => (name.startsWith('"') ? String(JSON.parse(name)) : name));
}
