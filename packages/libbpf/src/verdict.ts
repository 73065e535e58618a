import { getSystemErrorMessage } from 'node:util';
import { type ErrorCode, RezolusError, UnsupportedError } from '@rezolus/core';

const EPERM = 1;
const ENOENT = 2;
const ESRCH = 3;
const EACCES = 13;
const ENODEV = 19;
const ENOSYS = 38;
const EOPNOTSUPP = 95;
/** The kernel's own ENOTSUPP, which user space has no name for. */
const ENOTSUPP = 524;

const unsupported = new Set([ENOENT, ESRCH, ENODEV, ENOSYS, EOPNOTSUPP, ENOTSUPP]);
/** What libbpf says where the kernel has no BTF. */
const lackOfBtf = /find valid kernel BTF/;
/** What the verifier says where the kernel lacks a type, a field, a helper or a kfunc, or the program has a fault. */
const lackOfPart = /invalid CO-RE relocation|unknown func|cannot use helper/;
const logTrailer = /^(processed \d+ insns|verification time|stack depth|\s*$)/;
const MAX_LOG_LINES = 20;

/** errorText: an errno, or a negated one as libbpf returns it, in words. */
export function errorText(errno: number): string {
  const number = Math.abs(errno);
  return number === ENOTSUPP ? 'operation not supported' : getSystemErrorMessage(-number);
}

/** isMissing: whether this errno says that the kernel does not have the thing asked for. */
export function isMissing(errno: number): boolean {
  return unsupported.has(Math.abs(errno));
}

/** attachError: why a program could not be attached to `section`: UnsupportedError, _PERMISSION or _ATTACH. */
export function attachError(
  program: string,
  section: string,
  errno: number,
  messages: readonly string[],
): RezolusError {
  const cause = causeOf(messages);
  if (isMissing(errno)) {
    const text = `${program}: this kernel does not offer ${section}`;
    return new UnsupportedError(section, text, { code: 'REZ_ERR_BPF_UNSUPPORTED', ...cause });
  }
  const text = `${program} cannot be attached to ${section}: ${errorText(errno)}`;
  const code = errno === EPERM || errno === EACCES ? 'REZ_ERR_BPF_PERMISSION' : 'REZ_ERR_BPF_ATTACH';
  return new RezolusError(code, text, cause);
}

/**
 * loadError: why an object was refused: _PERMISSION, UnsupportedError where the kernel lacks something, else _LOAD;
 * its cause ends with the last lines of the verifier log. Where only the verifier says that something is lacking, the
 * code of the UnsupportedError is _LOAD too: nobody has probed for it, so it may as well be a fault of the program.
 */
export function loadError(object: string, errno: number, messages: readonly string[]): RezolusError {
  const log = messages.join('\n');
  const program = /prog '([^']+)': BPF program load failed/.exec(log)?.[1];
  const what = program === undefined ? `BPF object ${object}` : `program ${program} of BPF object ${object}`;
  const text = `${what} was refused: ${errorText(errno)}`;
  const cause = causeOf(messages);
  if (errno === EPERM) return new RezolusError('REZ_ERR_BPF_PERMISSION', text, cause);
  // ENOENT of a load is about the object itself; the other numbers are the kernel's.
  const lacking = (code: ErrorCode) => new UnsupportedError(program ?? object, text, { code, ...cause });
  if (lackOfPart.test(log)) return lacking('REZ_ERR_BPF_LOAD');
  if (lackOfBtf.test(log) || (isMissing(errno) && errno !== ENOENT))
    return lacking('REZ_ERR_BPF_UNSUPPORTED');
  return new RezolusError('REZ_ERR_BPF_LOAD', text, cause);
}

function causeOf(messages: readonly string[]): { cause?: Error } {
  const log = usefulLines(messages);
  return log === '' ? {} : { cause: new Error(log) };
}

/** usefulLines: the end of the verifier log if there is one, else all that libbpf said; at most 20 lines. */
export function usefulLines(messages: readonly string[]): string {
  const verifier = messages.find((message) => message.includes('-- BEGIN PROG LOAD LOG --'));
  const lines = (verifier ?? messages.join('\n'))
    .split('\n')
    .map((line) => line.replace(/^libbpf: /, ''))
    .filter((line) => !logTrailer.test(line) && !/-- (BEGIN|END) PROG LOAD LOG --/.test(line));
  return lines.slice(-MAX_LOG_LINES).join('\n');
}
