/** Member: a value of a label that is looked at alone, `label:value`. */
export type Member = string;

/**
 * membersMatch: the PromQL selector that leaves of every series with these labels those of the members, and of the others
 * all; undefined for no members.
 */
export function membersMatch(members: readonly Member[]): string | undefined {
  if (members.length === 0) return undefined;
  const byLabel = new Map<string, string[]>();
  for (const member of members) {
    const at = member.indexOf(':');
    const label = member.slice(0, at);
    byLabel.set(label, [...(byLabel.get(label) ?? []), member.slice(at + 1)]);
  }
  const matchers = [...byLabel].map(([label, values]) => {
    // The empty alternative takes in what does not have the label.
    const pattern = [...values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')), ''].join('|');
    return `${label}=~${JSON.stringify(pattern)}`;
  });
  // PromQL wants one matcher that nothing empty passes.
  return `{__name__=~".+", ${matchers.join(', ')}}`;
}

/** parseMembers: those of a link; what does not begin with a label is left out. */
export function parseMembers(texts: readonly string[]): Member[] {
  return texts.filter((text) => /^[a-zA-Z_][a-zA-Z0-9_]*:/.test(text)).slice(0, 50);
}
