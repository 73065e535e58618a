import manifest from '../package.json' with { type: 'json' };

/** version: of hindsight, as its banner names it. */
export const version: string = manifest.version;
