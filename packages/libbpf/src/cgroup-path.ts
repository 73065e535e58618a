import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { native } from './native.ts';

/** Type of a file handle that holds a kernfs id (enum fid_type, include/linux/exportfs.h). */
const FILEID_KERNFS = 0xfe;
const O_PATH = 0o10000000;

/** CgroupMount: where the hierarchy of the cpu controller is mounted: v1's if there is one, else v2's. */
export interface CgroupMount {
  readonly path: string;
  readonly version: 1 | 2;
}

/** findCgroupMount: from the text of /proc/self/mountinfo (proc(5)); null where no hierarchy is mounted. */
export function findCgroupMount(mountinfo: string): CgroupMount | null {
  let unified: CgroupMount | null = null;
  for (const line of mountinfo.split('\n')) {
    const [mount, filesystem] = line.split(' - ') as [string, string?];
    const path = mount.split(' ')[4];
    const [type, , options = ''] = filesystem?.split(' ') ?? [];
    if (path === undefined) continue;
    if (type === 'cgroup' && options.split(',').includes('cpu')) return { path, version: 1 };
    if (type === 'cgroup2') unified = { path, version: 2 };
  }
  return unified;
}

/**
 * CgroupPaths: the full path of a cgroup by its kernfs id, as long as it exists: opened by handle, which takes one call
 * however deep it is. Needs CAP_DAC_READ_SEARCH; without it, or without a mount, every path is unknown.
 */
export class CgroupPaths {
  readonly #mount: CgroupMount | null;

  constructor(mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')) {
    this.#mount = findCgroupMount(mountinfo);
  }

  /** path: from the root of the hierarchy, e.g. `/system.slice/nginx.service`, or null where it cannot be had. */
  path(knId: bigint): string | null {
    if (this.#mount === null) return null;
    // struct file_handle { u32 handle_bytes; int handle_type; u8 f_handle[8]; }
    const handle = new DataView(new ArrayBuffer(16));
    handle.setUint32(0, 8, true);
    handle.setInt32(4, FILEID_KERNFS, true);
    handle.setBigUint64(8, knId, true);
    let mount = -1;
    let fd = -1;
    try {
      mount = openSync(this.#mount.path, 'r');
      fd = native().openByHandle(mount, new Uint8Array(handle.buffer), O_PATH);
      if (fd < 0) return null;
      const full = readlinkSync(`/proc/self/fd/${fd}`);
      if (!full.startsWith(this.#mount.path) || full.endsWith(' (deleted)')) return null;
      return full.slice(this.#mount.path.length) || '/';
    } catch {
      return null;
    } finally {
      for (const open of [mount, fd]) if (open >= 0) closeSync(open);
    }
  }
}
