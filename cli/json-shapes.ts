/**
 * What `--json` prints, by command: the name of a schema of the API (docs/reference/openapi.json), `Name[]` for a list of it, or the shape itself.
 * cli/commands.test.ts holds the commands against it.
 */
export const JSON_SHAPES: Readonly<Record<string, readonly string[]>> = {
  init: ['{ file, text, explanation: string[], written: boolean }'],
  validate: ['{ projects, stacks, unmanaged, settingsFile, mistakes: string[], warnings: string[] }'],
  preview: ['{ stack, reasons, result, problem, digest, sandbox, engine, counts, steps, diagnostics, milliseconds }[]'],
  doctor: ['{ what, state: "good" | "limited" | "missing", text }[]'],
  status: ['Status', 'Stack with a name'],
  runs: ['Run[]', 'RunDetail with an id'],
  changes: ['Change[]', 'ChangeDetail with an id'],
  rollouts: ['Rollout[]', 'RolloutDetail with an id'],
  why: ['{ stack: Stack, base, runs: Run[], changes: Change[], rollouts: Rollout[] }'],
  diff: ['{ title, steps: ResourceStep[] }[]'],
  audit: ['AuditEntry[]'],
  settings: ['Settings[]', 'Settings with a repository'],
  logs: ['RunEvent, one a line'],
  environments: ['Environment[]'],
  drift: ['Drift[]'],
  unlock: ['{ stack, done }'],
  rollback: ['{ change, commit, branch }'],
  promote: ['Promotion'],
  tokens: ['AccessToken[]'],
  token: ['AccessToken with `token`, shown this once'],
  'sign-in': ['{ url, expiresAt }'],
  whoami: ['Session'],
  accounts: ['Account[]'],
  'add-account': ['{ account: Account, url, expiresAt }'],
  grant: ['Account'],
  revoke: ['Account'],
  sandbox: ['{ stack, said: string[] }'],
  'every other': ['{ did, id }; sync has no id'],
};
