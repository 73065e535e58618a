export { HttpClient, type Response } from './client.ts';
export { acceptedEncoding, CompressedBodies, type Encoding } from './compression.ts';
export { isOwnHost } from './host.ts';
