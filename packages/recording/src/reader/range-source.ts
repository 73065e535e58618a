/** RangeSource: random access to the bytes of a recording: a file, a Blob, later an HTTP server with ranges. */
export interface RangeSource {
  /** Bytes in all. */
  readonly size: number;
  /** read: the bytes from `offset`; the caller stays within `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** blobSource: a Blob or File, in Node or in the browser. */
export function blobSource(blob: Blob): RangeSource {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
    close: async () => {},
  };
}
