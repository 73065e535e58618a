import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSmart, SG_IO, smartRequest, succeeded } from '../src/health/ata.ts';
import { healthRequest, NVME_IOCTL_ADMIN_CMD, parseHealth } from '../src/health/nvme.ts';
import { healthLog, smartData } from './replies.ts';

/** Says what the kernel's headers make of a message that comes on standard input. */
const source = `
#include <sys/ioctl.h>
#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>
#include <stddef.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	struct sg_io_hdr h = {0};
	struct nvme_admin_cmd c = {0};
	if (argv[1][0] == 's') {
		size_t n = fread(&h, 1, sizeof(h), stdin);
		printf("{\\"bytes\\":%zu,\\"size\\":%zu,\\"request\\":%lu,\\"id\\":%d,\\"direction\\":%d,\\"command\\":%d,\\"sense\\":%d,"
		       "\\"length\\":%u,\\"timeout\\":%u,\\"pointers\\":[%zu,%zu,%zu],\\"status\\":[%d,%d,%d]}",
		       n, sizeof(h), (unsigned long)SG_IO, h.interface_id, h.dxfer_direction, h.cmd_len, h.mx_sb_len,
		       h.dxfer_len, h.timeout, offsetof(struct sg_io_hdr, dxferp), offsetof(struct sg_io_hdr, cmdp),
		       offsetof(struct sg_io_hdr, sbp), h.status, h.host_status, h.driver_status);
	} else {
		size_t n = fread(&c, 1, sizeof(c), stdin);
		printf("{\\"bytes\\":%zu,\\"size\\":%zu,\\"request\\":%lu,\\"opcode\\":%d,\\"nsid\\":%u,\\"length\\":%u,\\"cdw10\\":%u,"
		       "\\"timeout\\":%u,\\"pointers\\":[%zu]}",
		       n, sizeof(c), (unsigned long)NVME_IOCTL_ADMIN_CMD, c.opcode, c.nsid, c.data_len, c.cdw10,
		       c.timeout_ms, offsetof(struct nvme_admin_cmd, addr));
	}
	return 0;
}
`;

describe('messages, as the headers of the kernel read them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-drive-'));
  const program = join(folder, 'decode');
  beforeAll(() => {
    writeFileSync(`${program}.c`, source);
    execFileSync('cc', ['-o', program, `${program}.c`]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const decode = (kind: 'sg' | 'nvme', input: Uint8Array) =>
    JSON.parse(execFileSync(program, [kind], { input, encoding: 'utf8' }));

  it('are a SMART READ DATA through SG_IO', () => {
    const { header, pointers } = smartRequest(new Uint8Array(512));
    expect(decode('sg', header)).toEqual({
      bytes: 88,
      size: 88,
      request: SG_IO,
      id: 'S'.charCodeAt(0),
      direction: -3,
      command: 16,
      sense: 32,
      length: 512,
      timeout: 15_000,
      pointers: pointers.map(({ offset }) => offset),
      status: [0, 0, 0],
    });
    expect(Buffer.from(pointers[1]!.target).toString('hex')).toBe(
      '85080e00d00001000000 4f00c200b000'.replace(' ', ''),
    );
    for (const [at, place] of [
      [64, 0],
      [68, 1],
      [70, 2],
    ] as const) {
      const failed = Uint8Array.from(header);
      failed[at] = 2;
      expect(decode('sg', failed).status[place]).toBe(2);
      expect(succeeded(failed)).toBe(false);
    }
    expect(succeeded(header)).toBe(true);
  });

  it('are a Get Log Page through the admin ioctl', () => {
    const { command, pointers } = healthRequest(new Uint8Array(512));
    expect(decode('nvme', command)).toEqual({
      bytes: 72,
      size: 72,
      request: NVME_IOCTL_ADMIN_CMD,
      opcode: 2,
      nsid: 0xffff_ffff,
      length: 512,
      cdw10: 0x02 | (127 << 16),
      timeout: 15_000,
      pointers: pointers.map(({ offset }) => offset),
    });
  });
});

describe('parseSmart', () => {
  it('takes attribute 194 before 190, the low byte of its raw value', () => {
    expect(parseSmart(smartData({ 1: [0], 190: [41], 194: [38, 0, 55, 0, 17] }))).toEqual([38n]);
    expect(parseSmart(smartData({ 5: [0], 190: [41] }))).toEqual([41n]);
  });

  it('has nothing of a drive without either, and no trouble with rubbish', () => {
    expect(parseSmart(smartData({ 9: [12] }))).toBeNull();
    expect(parseSmart(new Uint8Array(512))).toBeNull();
    expect(parseSmart(new Uint8Array(0))).toBeNull();
    expect(parseSmart(new Uint8Array(512).fill(194))).toEqual([194n]);
    expect(parseSmart(Uint8Array.of(0, 0, 194))).toBeNull();
  });
});

describe('parseHealth', () => {
  it('turns Kelvin into Celsius and minutes into seconds', () => {
    const log = healthLog({ kelvin: 311, warning: 5, critical: 2, transitions: [7, 8], times: [90, 91] });
    expect(parseHealth(log)).toEqual([38n, 300n, 120n, 90n, 91n, 7n, 8n]);
  });

  it('knows frost, the largest counts and no temperature at all', () => {
    const most = 0xffff_ffff;
    const log = healthLog({
      kelvin: 263,
      warning: most,
      critical: 0,
      transitions: [most, 0],
      times: [0, most],
    });
    expect(parseHealth(log)).toEqual([-10n, BigInt(most) * 60n, 0n, 0n, BigInt(most), BigInt(most), 0n]);
    expect(parseHealth(new Uint8Array(512))[0]).toBeNull();
  });
});
