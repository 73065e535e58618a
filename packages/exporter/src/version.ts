import manifest from '../package.json' with { type: 'json' };

/** version: of the exporter, as its banner and `rezolus_exporter_build_info` name it. */
export const version: string = manifest.version;
