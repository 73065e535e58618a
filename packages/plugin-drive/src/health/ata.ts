import type { IoctlPointer } from '@rezolus/libbpf';
import type { Reading } from './metrics.ts';

/** SG_IO: the ioctl that hands a SCSI command through (scsi/sg.h). */
export const SG_IO = 0x2285;

/** smartBytes: size of the answer to SMART READ DATA. */
export const smartBytes = 512;

/** struct sg_io_hdr on a 64-bit machine. */
const headerBytes = 88;
const field = {
  dataLength: 12,
  data: 16,
  command: 24,
  sense: 32,
  timeout: 40,
  status: 64,
  host: 68,
  driver: 70,
};
const SG_DXFER_FROM_DEV = -3;
const senseBytes = 32;
/** A drive that sleeps takes some seconds to spin up. */
const timeoutMs = 15_000;

/** ATA PASS-THROUGH (16), PIO data-in, of SMART READ DATA: one block, feature d0h, signature 4fh c2h, command b0h. */
const smartReadData = [0x85, 0x08, 0x0e, 0, 0xd0, 0, 0x01, 0, 0, 0, 0x4f, 0, 0xc2, 0, 0xb0, 0] as const;

/** SgRequest: a header for SG_IO, and what its pointers are to be set to. */
export interface SgRequest {
  readonly header: Uint8Array;
  readonly pointers: readonly IoctlPointer[];
}

/** smartRequest: asks a SATA drive for its SMART data, which are put into `data`. */
export function smartRequest(data: Uint8Array): SgRequest {
  const header = new Uint8Array(headerBytes);
  const view = new DataView(header.buffer);
  view.setInt32(0, 'S'.charCodeAt(0), true);
  view.setInt32(4, SG_DXFER_FROM_DEV, true);
  view.setUint8(8, smartReadData.length);
  view.setUint8(9, senseBytes);
  view.setUint32(field.dataLength, data.length, true);
  view.setUint32(field.timeout, timeoutMs, true);
  const pointers = [
    { offset: field.data, target: data },
    { offset: field.command, target: Uint8Array.from(smartReadData) },
    { offset: field.sense, target: new Uint8Array(senseBytes) },
  ];
  return { header, pointers };
}

/** succeeded: whether drive, host adapter and driver all say that the command was carried out. */
export function succeeded(header: Uint8Array): boolean {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  return (
    view.getUint8(field.status) === 0 &&
    view.getUint16(field.host, true) === 0 &&
    view.getUint16(field.driver, true) === 0
  );
}

const table = { first: 2, entries: 30, entryBytes: 12, raw: 5 } as const;
/** Temperature_Celsius, and Airflow_Temperature_Cel for drives that have only that. */
const temperatureAttributes = [194, 190] as const;

/** parseSmart: the temperature in SMART data: the low byte of the raw value of attribute 194, else of 190. */
export function parseSmart(data: Uint8Array): Reading | null {
  for (const wanted of temperatureAttributes) {
    for (let entry = 0; entry < table.entries; entry++) {
      const at = table.first + entry * table.entryBytes;
      if (data[at] === wanted && at + table.raw < data.length) return [BigInt(data[at + table.raw]!)];
    }
  }
  return null;
}
