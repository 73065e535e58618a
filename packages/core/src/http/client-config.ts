import { dirname, resolve } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { z } from 'zod';
import { RezolusError } from '../errors.ts';
import { loadYaml, readText, stampOf } from './yaml-file.ts';

const schema = z.strictObject({
  basic_auth: z
    .strictObject({
      username: z.string().optional(),
      username_file: z.string().optional(),
      password: z.string().optional(),
      password_file: z.string().optional(),
    })
    .optional(),
  authorization: z
    .strictObject({
      type: z.string().regex(/^\w+$/, 'not the name of a scheme').default('Bearer'),
      credentials: z.string().optional(),
      credentials_file: z.string().optional(),
    })
    .optional(),
  tls_config: z
    .strictObject({
      ca: z.string().optional(),
      ca_file: z.string().optional(),
      cert: z.string().optional(),
      cert_file: z.string().optional(),
      key: z.string().optional(),
      key_file: z.string().optional(),
      server_name: z.string().optional(),
      insecure_skip_verify: z.boolean().default(false),
    })
    .prefault({}),
});

/** ClientTls: what Node's HTTPS client takes. */
export type ClientTls = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & {
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
};

/** ClientConfig: the credentials of a client. */
export class ClientConfig {
  readonly #path: string;
  #files: readonly string[] = [];
  #stamp: string | undefined;
  /** Value of the Authorization header. */
  authorization: string | undefined;
  tls: ClientTls = { rejectUnauthorized: true };

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * load: reads a file in the format of Prometheus' HTTP clients (`promtool --http.config.file`): `basic_auth`,
   * `authorization` and `tls_config`. Relative paths are beside the file. Throws REZ_ERR_CONFIG_READ, _SYNTAX,
   * _UNKNOWN_KEY and _INVALID; no message has a secret in it.
   */
  static load(path: string): ClientConfig {
    const config = new ClientConfig(path);
    config.refresh();
    return config;
  }

  /** refresh: reads the files again if one changed, and says whether. Throws as {@link load}. */
  refresh(): boolean {
    if (this.#stamp !== undefined && stampOf(this.#files) === this.#stamp) return false;
    const { basic_auth: basic, authorization, tls_config: tls } = loadYaml(this.#path, schema);
    if (basic !== undefined && authorization !== undefined) {
      const reason = 'basic_auth and authorization exclude each other';
      throw new RezolusError('REZ_ERR_CONFIG_INVALID', `${this.#path}: ${reason}`);
    }
    const files = [this.#path];
    const text = (inline: string | undefined, file: string | undefined) => {
      if (inline !== undefined || file === undefined) return inline;
      const path = resolve(dirname(this.#path), file);
      files.push(path);
      return readText(path);
    };
    const secret = (inline: string | undefined, file: string | undefined) => text(inline, file)?.trim() ?? '';
    let header: string | undefined;
    if (authorization !== undefined) {
      const { type, credentials, credentials_file: file } = authorization;
      header = `${type} ${secret(credentials, file)}`;
    } else if (basic !== undefined) {
      const user = secret(basic.username, basic.username_file);
      const password = secret(basic.password, basic.password_file);
      header = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    }
    const [ca, cert, key] = (['ca', 'cert', 'key'] as const).map((name) =>
      text(tls[name], tls[`${name}_file`]),
    );
    this.authorization = header;
    this.tls = {
      rejectUnauthorized: !tls.insecure_skip_verify,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(tls.server_name !== undefined && { servername: tls.server_name }),
    };
    this.#files = files;
    this.#stamp = stampOf(files);
    return true;
  }
}
