/** File types of a cpio entry, as in st_mode. */
const types = { file: 0o100000, folder: 0o040000, link: 0o120000 } as const;

/**
 * CpioArchive: an archive in the "newc" format, which Linux unpacks as its first root file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Folders of a path are added by themselves.
 */
export class CpioArchive {
  readonly #parts: Buffer[] = [];
  readonly #seen = new Set<string>();

  file(path: string, content: Buffer | string, mode = 0o644): void {
    this.#add(path, 'file', mode, Buffer.from(content));
  }

  link(path: string, target: string): void {
    this.#add(path, 'link', 0o777, Buffer.from(target));
  }

  folder(path: string): void {
    this.#add(path, 'folder', 0o755, Buffer.alloc(0));
  }

  has(path: string): boolean {
    return this.#seen.has(path);
  }

  /** parts: the archive, in pieces to be written one after the other. */
  parts(): readonly Buffer[] {
    return [...this.#parts, header('TRAILER!!!', 0, 0, 0)];
  }

  #add(path: string, type: keyof typeof types, mode: number, content: Buffer): void {
    const name = path.replace(/^\//, '');
    if (this.#seen.has(path)) return;
    this.#seen.add(path);
    const parent = path.replace(/\/[^/]*$/, '');
    if (parent !== '' && parent !== path) this.folder(parent);
    this.#parts.push(
      header(name, this.#seen.size, types[type] | mode, content.length),
      content,
      padding(content.length),
    );
  }
}

function header(name: string, inode: number, mode: number, size: number): Buffer {
  const bytes = Buffer.byteLength(name) + 1;
  // magic, then inode, mode, uid, gid, links, mtime, size, device (2), special device (2), name length, checksum
  const fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, bytes, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([Buffer.from(head), padding(Buffer.byteLength(head))]);
}

function padding(length: number): Buffer {
  return Buffer.alloc(-length & 3);
}
