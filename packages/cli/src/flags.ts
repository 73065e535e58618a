import { Errors, Flags } from '@oclif/core';
import { parseDuration } from '@rezolus/core';

/** durationFlag: a flag whose value is a duration such as `100ms`, `1s` or `1h 30m`; parsed to ms. */
export const durationFlag = Flags.custom<number>({
  helpValue: 'DURATION',
  async parse(text) {
    const ms = parseDuration(text);
    if (ms === null || ms <= 0)
      throw new Errors.CLIError(`"${text}" is not a duration such as 100ms, 1s or 5m`);
    return ms;
  },
});

/** httpConfigFlag: the file with a client's credentials; empty = none. */
export const httpConfigFlag = Flags.custom<string>({
  helpValue: 'FILE',
  default: '',
  description: "credentials and CA for the endpoint, in the format of Prometheus' --http.config.file",
});

/** webConfigFlag: the file that says who may come in; empty = everybody. */
export const webConfigFlag = Flags.custom<string>({
  helpValue: 'FILE',
  default: '',
  description: "TLS and users, in the format of Prometheus' --web.config.file",
});

/** parsePair: the two sides of `key=value`; throws a usage error for anything else. */
export function parsePair(text: string): [string, string] {
  const split = text.indexOf('=');
  if (split < 1) throw new Errors.CLIError(`"${text}" is not of the form KEY=VALUE`);
  return [text.slice(0, split), text.slice(split + 1)];
}
