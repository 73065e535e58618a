import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { sentence } from '@rezolus/core';
import { type IoctlPointer, ioctlAsync } from '@rezolus/libbpf';
import { parseSmart, SG_IO, smartBytes, smartRequest, succeeded } from './ata.ts';
import type { Drive } from './drives.ts';
import type { Reading } from './metrics.ts';
import { healthBytes, healthRequest, NVME_IOCTL_ADMIN_CMD, parseHealth } from './nvme.ts';

/** Transport: ioctl(2) off the main thread; negative where it failed. */
export type Transport = (
  fd: number,
  request: number,
  argument: Uint8Array,
  pointers: readonly IoctlPointer[],
) => Promise<number>;

/** DriveReader: asks drives how they are. */
export class DriveReader {
  readonly #dev: string;
  readonly #transport: Transport;

  /** `dev` is the folder of the device files. */
  constructor(dev = '/dev', transport: Transport = ioctlAsync) {
    this.#dev = dev;
    this.#transport = transport;
  }

  /** read: the values of a drive, or why there are none. Never throws. */
  async read({ device, type }: Drive): Promise<Reading | string> {
    try {
      // Without O_NONBLOCK the open would wait for a medium.
      await using file = await open(`${this.#dev}/${device}`, constants.O_RDONLY | constants.O_NONBLOCK);
      const reading = type === 'sata' ? await this.#readSata(file.fd) : await this.#readNvme(file.fd);
      return reading ?? `${device} does not tell its health (${type})`;
    } catch (error) {
      return `${device} cannot be asked: ${sentence(error)}`;
    }
  }

  async #readSata(fd: number): Promise<Reading | null> {
    const data = new Uint8Array(smartBytes);
    const { header, pointers } = smartRequest(data);
    const result = await this.#transport(fd, SG_IO, header, pointers);
    return result >= 0 && succeeded(header) ? parseSmart(data) : null;
  }

  async #readNvme(fd: number): Promise<Reading | null> {
    const data = new Uint8Array(healthBytes);
    const { command, pointers } = healthRequest(data);
    // A positive result is the status of the controller.
    const result = await this.#transport(fd, NVME_IOCTL_ADMIN_CMD, command, pointers);
    return result === 0 ? parseHealth(data) : null;
  }
}
