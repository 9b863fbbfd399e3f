const COLUMNS: Readonly<Record<string, string>> = { startedAt: 'started_at', endedAt: 'ended_at' };

/** Fields that are stored as JSON. */
const JSON_FIELDS = new Set(['outcome', 'stages', 'changes', 'waits']);

/** `update <table> set …` for the fields that a patch has. A field that is there and undefined is set to null. */
export function updateStatement(
  table: 'change' | 'rollout' | 'run',
  id: string,
  ...[patch, also = []]: [patch: object, also?: readonly string[]]
): [sql: string, values: readonly unknown[]] {
  const fields = Object.entries(patch);
  const sets = [...fields.map(([name], index) => `${COLUMNS[name] ?? name} = $${index + 2}`), ...also];
  const values = fields.map(([name, value]) =>
    value === undefined ? null : JSON_FIELDS.has(name) ? JSON.stringify(value) : value,
  );
  return [`update ${table} set ${sets.length > 0 ? sets.join(', ') : 'id = id'} where id = $1`, [id, ...values]];
}
