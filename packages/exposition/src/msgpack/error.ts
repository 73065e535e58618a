import { RezolusError } from '@rezolus/core/errors';

/** malformed: the error for bytes that are no snapshot; `at` is the offset of the offending byte. */
export function malformed(what: string, at: number): RezolusError {
  return new RezolusError('REZ_ERR_SNAPSHOT_FORMAT', `${what} at byte ${at}`);
}
