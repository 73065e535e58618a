import { RezolusError } from '@rezolus/core/errors';

/** SamplerNames: one name in the spellings of the places where it stands. */
export interface SamplerNames {
  /** `my-sampler`: files, package. */
  readonly kebab: string;
  /** `my_sampler`: the sampler, its metrics, C. */
  readonly snake: string;
  /** `mySampler`: TypeScript. */
  readonly camel: string;
  /** `My sampler`: headings. */
  readonly title: string;
}

const longest = 48;

/**
 * samplerNames: the spellings of a sampler's name. It has two words at least, subject first, as in `nfs-latency`: so it is
 * neither a word of a language nor the name of another subject's samplers. Throws REZ_ERR_SCAFFOLD for another form.
 */
export function samplerNames(name: string): SamplerNames {
  if (name.length > longest || !/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/.test(name)) {
    const shown = JSON.stringify(name.slice(0, longest));
    throw new RezolusError(
      'REZ_ERR_SCAFFOLD',
      `${shown} is not a name: two or more lower case words joined by -, such as nfs-latency, at most ${longest} characters`,
    );
  }
  return {
    kebab: name,
    snake: name.replaceAll('-', '_'),
    camel: name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    title: (name[0]!.toUpperCase() + name.slice(1)).replaceAll('-', ' '),
  };
}
