import manifest from '../package.json' with { type: 'json' };

/** version: of the agent, as its banner, its status and the metadata of snapshots name it. */
export const version: string = manifest.version;
