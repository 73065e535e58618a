import { parseDuration } from './duration.ts';

/** OptionDeclaration: one key of `[samplers.<name>]`, as data: the host validates and documents it. */
export type OptionDeclaration =
  | { readonly type: 'boolean'; readonly default: boolean; readonly description: string }
  | {
      readonly type: 'integer';
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly description: string;
    }
  | { readonly type: 'string'; readonly default: string; readonly description: string }
  | { readonly type: 'duration'; readonly default: string; readonly description: string };

/** OptionDeclarations: the keys of one sampler. */
export type OptionDeclarations = Readonly<Record<string, OptionDeclaration>>;

type OptionValue<D extends OptionDeclaration> = D extends { type: 'boolean' }
  ? boolean
  : D extends { type: 'integer' | 'duration' }
    ? number
    : string;

/** OptionValues: what `create` receives; durations are milliseconds. */
export type OptionValues<O extends OptionDeclarations> = { readonly [K in keyof O]: OptionValue<O[K]> };

/** defaultOptions: every option at its default, as `create` receives it. */
export function defaultOptions(declarations: OptionDeclarations): Record<string, boolean | number | string> {
  return Object.fromEntries(
    Object.entries(declarations).map(([key, option]) => [
      key,
      option.type === 'duration' ? (parseDuration(option.default) ?? Number.NaN) : option.default,
    ]),
  );
}
