/** The longest single wait that timers can do. */
const maxWaitMs = 2 ** 31 - 1;

/** deadline: a signal that aborts with `signal` or after a time; disposing of it releases the timer. */
export function deadline(signal: AbortSignal, lengthMs: number): { signal: AbortSignal } & Disposable {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const arm = (leftMs: number) => {
    const next = () => (leftMs > maxWaitMs ? arm(leftMs - maxWaitMs) : over.abort());
    timer = setTimeout(next, Math.min(leftMs, maxWaitMs));
  };
  if (Number.isFinite(lengthMs)) arm(lengthMs);
  return {
    signal: AbortSignal.any([signal, over.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
