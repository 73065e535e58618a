import { RezolusError } from './errors.ts';

/** withTimeout: the promise, or REZ_ERR_SAMPLER_TIMEOUT `<what> within <ms> ms` where it takes longer. */
export async function withTimeout<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RezolusError('REZ_ERR_SAMPLER_TIMEOUT', `${what} within ${ms} ms`)),
      ms,
    );
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
