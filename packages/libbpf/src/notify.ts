import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** sizeof sun_path in struct sockaddr_un. */
const maxPath = 108;

function bind() {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    send: libc.func(
      'long sendto(int fd, const void *data, size_t size, int flags, const void *address, uint32_t length)',
    ),
  };
}

let bound: ReturnType<typeof bind> | undefined;

/**
 * notifyManager: tells the service manager something in the words of sd_notify(3), e.g. `READY=1`. Node has no datagrams
 * over unix sockets. Nothing is loaded or done where NOTIFY_SOCKET, a path or `@` and a name, is not set.
 */
export function notifyManager(text: string): void {
  const name = Buffer.from(process.env.NOTIFY_SOCKET ?? '');
  if (!/^[/@]/.test(name.toString()) || name.length >= maxPath) return;
  if (name[0] === '@'.charCodeAt(0)) name[0] = 0;
  bound ??= bind();
  const fd: number = bound.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  try {
    const data = Buffer.from(text);
    // struct sockaddr_un: u16 family, then the path; an abstract name has no NUL at its end.
    const address = Buffer.concat([Buffer.from(Uint16Array.of(AF_UNIX).buffer), name]);
    bound.send(fd, data, data.length, MSG_NOSIGNAL, address, address.length);
  } finally {
    closeSync(fd);
  }
}
