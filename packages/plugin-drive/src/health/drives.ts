import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Drive: a drive that may be asked, under an id that stays its own while it is there. */
export interface Drive {
  readonly id: number;
  /** Name of its device file in /dev. */
  readonly device: string;
  readonly type: 'sata' | 'nvme';
  readonly model: string;
  readonly serial: string;
}

/** DriveTable: the drives of the machine, which may come and go. */
export class DriveTable {
  readonly #sys: string;
  readonly #drives = new Map<string, Drive>();
  #nextId = 0;

  /** `sys` is where sysfs is mounted. */
  constructor(sys = '/sys') {
    this.#sys = sys;
  }

  /** refresh: looks for drives and returns all that are there now, by name. */
  refresh(): Drive[] {
    const found = [...this.#list('block', /^sd[a-z]+$/), ...this.#list('class/nvme', /^nvme\d+$/)];
    for (const device of this.#drives.keys()) if (!found.includes(device)) this.#drives.delete(device);
    return found.map((device) => {
      const known = this.#drives.get(device);
      if (known !== undefined) return known;
      const drive = { id: this.#nextId++, device, ...this.#describe(device) };
      this.#drives.set(device, drive);
      return drive;
    });
  }

  #list(folder: string, pattern: RegExp): string[] {
    const path = `${this.#sys}/${folder}`;
    if (!existsSync(path)) return [];
    const names = readdirSync(path).filter((name) => pattern.test(name));
    return names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  }

  #describe(device: string): Pick<Drive, 'type' | 'model' | 'serial'> {
    if (device.startsWith('nvme')) {
      const folder = `${this.#sys}/class/nvme/${device}`;
      return { type: 'nvme', model: text(`${folder}/model`), serial: text(`${folder}/serial`) };
    }
    const folder = `${this.#sys}/block/${device}/device`;
    // Vital product data page 80h: the unit serial number after a header of four bytes.
    return { type: 'sata', model: text(`${folder}/model`), serial: text(`${folder}/vpd_pg80`, 4) };
  }
}

/** text: what a file says from byte `from` on, without padding; nothing where it cannot be read. */
function text(path: string, from = 0): string {
  try {
    return readFileSync(path)
      .subarray(from)
      .toString('utf8')
      .replace(/[\0\s]+/g, ' ')
      .trim();
  } catch {
    return '';
  }
}

/** driveLabels: the labels that name a drive; without model and serial number where they are not known. */
export function driveLabels({ id, device, type, model, serial }: Drive): Record<string, string> {
  return { id: String(id), device, type, ...(model && { model }), ...(serial && { serial }) };
}
