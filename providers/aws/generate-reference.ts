import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PropertyRule, ResourceDefinition } from './definition.ts';
import { functions } from './functions/all.ts';
import { publishedShape } from './published-shape.ts';
import { resources } from './resources/all.ts';

/** Where the page is kept. */
export const REFERENCE = join(import.meta.dirname, '../../docs/reference/aws.md');

/** The page of everything that providers/aws serves: made of its tables and of the declarations of the published SDK. */
export function referencePage(): string {
  const sections = [...resources.values()]
    .toSorted((one, two) => (one.type < two.type ? -1 : 1))
    .map((definition) => section(definition));
  return `# Resources and functions of providers/aws

Generated from \`providers/aws/resources/\` by \`providers/aws/generate-reference.ts\`; do not edit. What the properties mean is in the documentation of
\`@pulumi/aws\`. *Replaces*: a change makes a new resource. *Chosen by AWS*: what the program leaves out is no difference. *Not served*: given as an
argument it is an error that names it; as an output it is undefined. How to use them: [aws.md](../aws.md).

Functions: ${[...functions.keys()].toSorted().map(code).join(', ')}.

${sections.join('\n\n')}
`;
}

function section(definition: ResourceDefinition): string {
  const { type, properties, timeouts } = definition;
  const inputs = Object.entries(properties).filter(([, rule]) => !rule.output);
  const outputs = Object.entries(properties).filter(([, rule]) => rule.output);
  const { outputs: published } = publishedShape(type);
  const missing = published.filter((key) => properties[key] === undefined && key !== 'timeouts');
  const waits = Object.entries(timeouts ?? {}).map(([what, seconds]) => `${what} ${(seconds ?? 0) / 60} minutes`);
  return [
    `## ${type}`,
    ['| argument | kind | |', '|---|---|---|', ...inputs.map(([key, rule]) => row(key, rule))].join('\n'),
    ...(outputs.length > 0 ? [`Outputs: ${list(outputs.map(([key]) => key))}.`] : []),
    ...(waits.length > 0 ? [`Waits at most: ${waits.join(', ')}; 20 minutes for the rest.`] : []),
    ...(missing.length > 0 ? [`Not served: ${list(missing)}.`] : []),
  ].join('\n\n');
}

function row(key: string, rule: PropertyRule): string {
  const says = [
    ...(rule.replaces === true ? ['replaces'] : rule.replaces ? ['replaces in some cases'] : []),
    ...(rule.default === undefined ? [] : [`default ${code(JSON.stringify(rule.default))}`]),
    ...(rule.computed ? ['chosen by AWS'] : []),
    ...(rule.oneOf ? [`one of ${list(rule.oneOf)}`] : []),
    ...(rule.secret ? ['secret'] : []),
    ...(rule.writeOnly ? ['never read back'] : []),
    ...(rule.parts ? [`parts: ${list(rule.parts)}`] : []),
  ];
  return `| ${rule.required ? `**${code(key)}**` : code(key)} | ${rule.kind} | ${says.join('; ')} |`;
}

function list(names: readonly string[]): string {
  return names.toSorted().map(code).join(', ');
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) writeFileSync(REFERENCE, referencePage());
