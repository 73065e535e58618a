import { join } from 'node:path';
import { sentence } from '@rezolus/core';
import { convertRecording } from '@rezolus/recording/tools';

/** ConvertReply: what the process answers: the recordings it made, or why it made none. */
export type ConvertReply = { readonly paths: readonly string[] } | { readonly error: string };

// Conversions read files from strangers with parsers of many formats, so they have a process of their own.
const [input, folder] = process.argv.slice(2) as [string, string];
try {
  const { outputs } = await convertRecording([input], join(folder, 'converted.parquet'));
  reply({ paths: outputs.map(({ path }) => path) });
} catch (error) {
  reply({ error: sentence(error) });
}

function reply(message: ConvertReply): void {
  process.send!(message, () => process.disconnect());
}
