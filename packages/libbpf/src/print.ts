import { native, type Pointer } from './native.ts';

const INFO = 1;
/** Of a longer message, which is a verifier log, only the end says why. */
const MAX_MESSAGE = 64 * 1024;

let messages: string[] = [];
let callback: bigint | undefined;

/**
 * collectMessages: runs `call` and returns its result together with what libbpf said meanwhile (warnings and infos).
 * libbpf has one print function per process; it is ours during the call and none is set outside of it, so that
 * libbpf never calls into a JavaScript that is going down.
 */
export function collectMessages<T>(call: () => T): { result: T; messages: string[] } {
  const { koffi, print, setPrint } = native();
  callback ??= koffi.register(receive, koffi.pointer(print));
  messages = [];
  setPrint(callback);
  try {
    return { result: call(), messages };
  } finally {
    setPrint(null);
  }
}

function receive(level: number, format: string, args: Pointer): number {
  // What is thrown here would surface from an unrelated foreign call.
  try {
    if (level <= INFO) messages.push(formatMessage(format, args));
  } catch {}
  return 0;
}

function formatMessage(format: string, args: Pointer): string {
  const { koffi, vasprintf, free } = native();
  const text: [Pointer] = [null];
  const length = vasprintf(text, format, args);
  const [start] = text;
  if (length < 0 || start === null) return format;
  try {
    const kept = Math.min(length, MAX_MESSAGE);
    const end = Buffer.from(koffi.view(start + BigInt(length - kept), kept));
    return end.toString('utf8').trimEnd();
  } finally {
    free(start);
  }
}
