import { RezolusError } from '@rezolus/core/errors';

/** lineColumn: `line:column` of an offset, both from 1. */
export function lineColumn(query: string, offset: number): string {
  const before = query.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (const char of before) if (char === '\n') line++;
  return `${line}:${offset - lineStart + 1}`;
}

/** parseError: REZ_ERR_QUERY_PARSE with the place in front. */
export function parseError(query: string, offset: number, message: string): RezolusError {
  return new RezolusError('REZ_ERR_QUERY_PARSE', `${lineColumn(query, offset)}: ${message}`);
}

/** unsupported: REZ_ERR_QUERY_UNSUPPORTED with the place in front. */
export function unsupported(query: string, offset: number, feature: string): RezolusError {
  return new RezolusError(
    'REZ_ERR_QUERY_UNSUPPORTED',
    `${lineColumn(query, offset)}: ${feature} is not supported`,
  );
}

/** executionError: REZ_ERR_QUERY_EXECUTION. */
export function executionError(message: string): RezolusError {
  return new RezolusError('REZ_ERR_QUERY_EXECUTION', message);
}

/** limitError: REZ_ERR_QUERY_LIMIT. */
export function limitError(message: string): RezolusError {
  return new RezolusError('REZ_ERR_QUERY_LIMIT', message);
}
