import type { IoctlPointer } from '@rezolus/libbpf';
import type { Reading } from './metrics.ts';

/** NVME_IOCTL_ADMIN_CMD: the ioctl that hands an admin command through (linux/nvme_ioctl.h). */
export const NVME_IOCTL_ADMIN_CMD = 0xc048_4e41;

/** healthBytes: size of the SMART / Health Information log page. */
export const healthBytes = 512;

/** struct nvme_admin_cmd. */
const commandBytes = 72;
const field = { namespace: 4, data: 24, dataLength: 36, cdw10: 40, timeout: 64 };
const GET_LOG_PAGE = 0x02;
const HEALTH_LOG = 0x02;
const ALL_NAMESPACES = 0xffff_ffff;
const timeoutMs = 15_000;

const kelvin = 273;

/** HealthRequest: an admin command, and what its pointer is to be set to. */
export interface HealthRequest {
  readonly command: Uint8Array;
  readonly pointers: readonly IoctlPointer[];
}

/** healthRequest: asks an NVMe controller for its health log page, which is put into `data`. */
export function healthRequest(data: Uint8Array): HealthRequest {
  const command = new Uint8Array(commandBytes);
  const view = new DataView(command.buffer);
  view.setUint8(0, GET_LOG_PAGE);
  view.setUint32(field.namespace, ALL_NAMESPACES, true);
  view.setUint32(field.dataLength, data.length, true);
  // Number of dwords less one in the upper half.
  view.setUint32(field.cdw10, HEALTH_LOG | ((data.length / 4 - 1) << 16), true);
  view.setUint32(field.timeout, timeoutMs, true);
  return { command, pointers: [{ offset: field.data, target: data }] };
}

/**
 * parseHealth: temperature and thermal counters of a health log page (NVM Express base specification, figure "SMART /
 * Health Information Log Page"); a temperature of 0 K is none.
 */
export function parseHealth(data: Uint8Array): Reading {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const u32 = (offset: number) => BigInt(view.getUint32(offset, true));
  const temperature = view.getUint16(1, true);
  return [
    temperature === 0 ? null : BigInt(temperature - kelvin),
    u32(192) * 60n,
    u32(196) * 60n,
    u32(224),
    u32(228),
    u32(216),
    u32(220),
  ];
}
