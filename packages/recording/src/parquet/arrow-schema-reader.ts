import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { Schema } from 'apache-arrow/fb/schema';
import { ByteBuffer } from 'flatbuffers';

/** ArrowField: name and metadata of a top-level field. */
export interface ArrowField {
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** More pairs than any writer makes; a length beyond it is damage. */
const maxPairs = 4096;

/**
 * readArrowSchema: the top-level fields of the Arrow IPC Schema message in `value` (base64, the file key
 * `ARROW:schema`). Throws RangeError where it is damaged or does not have `count` fields.
 */
export function readArrowSchema(value: string, count: number): ArrowField[] {
  const framed = Uint8Array.from(atob(value), (char) => char.charCodeAt(0));
  // Older writers (Arrow before 0.15) have no continuation mark before the length.
  const marked = framed.length >= 4 && new DataView(framed.buffer).getUint32(0, true) === 0xffff_ffff;
  const message = Message.getRootAsMessage(new ByteBuffer(framed.subarray(marked ? 8 : 4)));
  if (message.headerType() !== MessageHeader.Schema) throw new RangeError('not an Arrow schema');
  const schema: Schema | null = message.header(new Schema());
  if (schema === null || schema.fieldsLength() !== count) {
    throw new RangeError('the Arrow schema does not have the columns of the file');
  }
  return Array.from({ length: count }, (_, index) => {
    const field = schema.fields(index);
    const pairs = field?.customMetadataLength() ?? 0;
    if (field === null || pairs > maxPairs) throw new RangeError('damaged Arrow schema');
    const metadata: Record<string, string> = Object.create(null);
    for (let i = 0; i < pairs; i++) {
      const pair = field.customMetadata(i);
      const key = pair?.key();
      if (key !== undefined && key !== null) metadata[key] = pair?.value() ?? '';
    }
    return { name: field.name() ?? '', metadata };
  });
}
