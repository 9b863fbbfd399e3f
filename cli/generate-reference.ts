import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_FOLDER } from './data-folder.ts';
import { JSON_SHAPES } from './json-shapes.ts';
import { createProgram, EXIT_CODES } from './program.ts';

const FILE = join(PACKAGE_FOLDER, 'docs/reference/command-line.md');

/** The reference of the command line, from the commands themselves. */
export function commandLineReference(): string {
  const parts = createProgram().commands.map((command) => {
    const usage = ['npx mainstay', command.name(), ...command.registeredArguments.map(argumentText)].join(' ');
    const options = command.options.map(({ flags, description, defaultValue }) => {
      const standard = defaultValue === undefined ? '' : `; default: \`${defaultValue}\``;
      return `- \`${flags}\`: ${description}${standard}`;
    });
    return [`## ${command.name()}`, '', `\`${usage}\``, '', `${sentence(command.description())}`, '', ...options]
      .join('\n')
      .trimEnd();
  });
  const head = ['# The command line', '', 'Generated: `node cli/generate-reference.ts`.', EXIT_CODES.trimEnd()].join(
    '\n',
  );
  const shapes = Object.entries(JSON_SHAPES).map(([name, each]) => `| ${name} | ${each.map(shapeText).join('; ')} |`);
  const json = [
    '## What --json prints',
    '',
    'One JSON value on standard output, and nothing else there; mistakes are a line on standard error and an exit code, as without it. Names are those of the',
    "API's schemas ([openapi.json](openapi.json)); keys are added to them and never taken away within a version.",
    '',
    '| command | shape |',
    '| --- | --- |',
    ...shapes,
  ].join('\n');
  return `${[head, ...parts, json].join('\n\n')}\n`;
}

function shapeText(shape: string): string {
  const [, name = shape, more = ''] = /^([A-Z]\w*(?:\[\])?|\{.*\}(?:\[\])?)(.*)$/.exec(shape) ?? [];
  return `\`${name.replaceAll('|', '\\|')}\`${more}`;
}

function argumentText(argument: { name(): string; readonly required: boolean; readonly variadic: boolean }): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

if (import.meta.main) writeFileSync(FILE, commandLineReference());
