import { closeSync, openSync } from 'node:fs';

/**
 * reserveFiles: keeps up to `count` file descriptors away from others until disposed, so that samplers which open as many
 * as they get leave some for connections and for what is read at a refresh.
 */
export function reserveFiles(count: number): Disposable {
  const reserved: number[] = [];
  try {
    while (reserved.length < count) reserved.push(openSync('/dev/null', 'r'));
  } catch {
    // There are no more: all of them are reserved.
  }
  return { [Symbol.dispose]: () => reserved.forEach((fd) => void closeSync(fd)) };
}
