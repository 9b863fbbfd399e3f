/** The names that need a record each: a wildcard is proved by the record of its parent, so both count once. */
export function validationNames(domains: readonly string[]): readonly string[] {
  return [...new Set(domains.map((domain) => domain.replace(/^\*\./, '')))];
}
