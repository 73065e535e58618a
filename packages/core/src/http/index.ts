export { HttpClient, type Response } from './client.ts';
export { acceptedEncoding, CompressedBodies, type Encoding } from './compression.ts';
export { endpointText, parseEndpoint } from './endpoint.ts';
export { FrontDoor, type FrontDoorOptions, type Listenable } from './front-door.ts';
export { isOwnHost } from './host.ts';
export { removeStaleSocket } from './stale-socket.ts';
