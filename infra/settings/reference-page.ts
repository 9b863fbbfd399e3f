import type { JsonSchema } from './stack-file-schema';

/** A Markdown page of all settings: a section for each key, a row for each setting below it. */
export function referencePage(schema: JsonSchema): string {
  const sections = Object.entries(schema.properties ?? {}).map(([key, section]) => sectionText(key, section));
  return `# Settings of an environment

Generated from \`infra/settings/settings-schema.ts\` by \`infra/generate-reference.ts\`; do not edit.

Each key stands as \`mainstay:<key>\` under \`config:\` in \`stacks/Pulumi.<stack>.yaml\`. \`<name>\` is a name of your choice,
\`[]\` an entry of a list. Required settings are **bold**. Values marked *encrypted* are written by
\`pulumi config set --path '<path>' --secret\`.

${sections.join('\n')}`;
}

function sectionText(key: string, section: JsonSchema): string {
  const rows = rowsOf(key, section, false);
  const [own, ...below] = rows;
  const table = below.length === 0 ? [own!] : below;
  const lines = table.map(({ path, type, text }) => `| ${path} | ${type} | ${text} |`);
  const about = section.description ? `${section.description}\n\n` : '';
  return `## ${key}\n\n${about}| setting | value | |\n|---|---|---|\n${lines.join('\n')}\n`;
}

interface Row {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

function rowsOf(path: string, schema: JsonSchema, required: boolean): readonly Row[] {
  const label = required ? `**\`${path}\`**` : `\`${path}\``;
  const own = { path: label, type: typeText(schema), text: escaped(schema.description ?? '') };
  return [own, ...branches(schema).flatMap((branch) => rowsBelow(path, branch))];
}

function rowsBelow(path: string, schema: JsonSchema): readonly Row[] {
  if (schema.encrypted) return [];
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    rowsOf(`${path}.${name}`, member, schema.required?.includes(name) ?? false),
  );
  const others = schema.additionalProperties;
  const named = typeof others === 'object' ? rowsBelowCollection(`${path}.<name>`, others) : [];
  const listed = schema.items ? rowsBelowCollection(`${path}[]`, schema.items) : [];
  return [...members, ...named, ...listed];
}

/** Entries of a list or map have a row of their own only where they are no plain value. */
function rowsBelowCollection(path: string, schema: JsonSchema): readonly Row[] {
  return branches(schema).flatMap((branch) => rowsBelow(path, branch));
}

function branches(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf ?? schema.oneOf ?? [schema];
}

function typeText(schema: JsonSchema): string {
  if (schema.encrypted) return '*encrypted* text';
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map(typeText))].join(' or ');
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.type === 'array') return schema.items ? `list of ${typeText(schema.items)}` : 'list';
  if (schema.type === 'object') {
    const others = schema.additionalProperties;
    return typeof others === 'object' && others.type !== undefined ? `${typeText(others)} by name` : 'section';
  }
  return rangeText(schema);
}

function rangeText({ type, minimum, maximum }: JsonSchema): string {
  const name =
    { string: 'text', integer: 'number', number: 'number', boolean: '`true`, `false`' }[type ?? ''] ?? 'anything';
  const from = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const to = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (from === undefined && to === undefined) return name;
  return `${name} ${from ?? ''}–${to ?? ''}`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
