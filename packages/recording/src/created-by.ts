import manifest from '../package.json' with { type: 'json' };

/** createdBy: what recordings of this version call their writer. */
export const createdBy = `rezolus version ${manifest.version}`;
