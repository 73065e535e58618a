/**
 * withoutSubcommand: the original starts its agent as `rezolus CONFIG.toml`: a first word that ends in `.toml` means
 * the command `agent`.
 */
export function withoutSubcommand(args: readonly string[]): string[] {
  return args[0]?.endsWith('.toml') ? ['agent', ...args] : [...args];
}
