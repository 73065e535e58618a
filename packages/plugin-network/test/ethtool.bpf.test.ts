import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { controlSocket } from '@rezolus/libbpf';
import { describe, expect, it } from 'vitest';
import { askKernel, EthtoolDevice } from '../src/ethtool/device.ts';

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}

describe('EthtoolDevice against this kernel', () => {
  it('reads of one end of a veth pair the number of the other', (context) => {
    try {
      ip('link', 'add', 'rez-test-c', 'type', 'veth', 'peer', 'name', 'rez-test-d');
    } catch (error) {
      return context.skip(`no veth pair to be had: ${(error as Error).message.trim()}`);
    }
    try {
      using socket = controlSocket();
      const device = new EthtoolDevice('rez-test-c', ['peer_ifindex', 'no_such'], askKernel(socket.fd));
      expect(device.refresh()).toBe(true);
      expect(device.value(0)).toBe(BigInt(readFileSync('/sys/class/net/rez-test-d/ifindex', 'utf8').trim()));
      expect(device.value(1)).toBeUndefined();
    } finally {
      ip('link', 'del', 'rez-test-c');
    }
  });

  it('has nothing of an interface that is not there', () => {
    using socket = controlSocket();
    expect(new EthtoolDevice('rez-test-none', ['peer_ifindex'], askKernel(socket.fd)).refresh()).toBe(false);
  });
});
