import { z } from 'zod';
import { parseEndpoint } from '../http/endpoint.ts';
import { type ListenAddress, parseListen } from '../listen.ts';

/** listenSchema: an address to listen on, as `parseListen` takes it; `port` is that of the example in the error. */
export function listenSchema(port: number): z.ZodType<ListenAddress, string> {
  return z.string().transform((text, context) => {
    const address = parseListen(text);
    if (address !== null) return address;
    const message = `"${text}" is not an address such as 127.0.0.1:${port}, [::1]:${port} or unix:/run/rezolus.sock`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** agentSchema: the address of an agent, as `parseEndpoint` takes it; the value is its URL. */
export function agentSchema(): z.ZodType<string, string> {
  return z.string().transform((text, context) => {
    const url = parseEndpoint(text);
    if (url?.pathname === '/') return url.href;
    const hint = url === null && /@/.test(text) ? '; credentials belong into http_config_file' : '';
    // Without the text: it may have a password in it.
    const message = `not the address of an agent such as 127.0.0.1:4241 or unix:/run/rezolus.sock${hint}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}
