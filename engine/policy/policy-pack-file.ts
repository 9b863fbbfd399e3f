import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { messageOf, systemCode, userError } from '../../foundation/errors.ts';

/** What PulumiPolicy.yaml says. */
export interface PolicyPackFile {
  readonly runtime: string;
  /** '' : that of package.json. */
  readonly version: string;
}

/** Reads PulumiPolicy.yaml of a pack. Rejects with a user error that names the file, and the line of what is wrong. */
export async function readPolicyPackFile(directory: string): Promise<PolicyPackFile> {
  const file = join(directory, 'PulumiPolicy.yaml');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const why = systemCode(error) === 'ENOENT' ? 'there is no PulumiPolicy.yaml in it' : messageOf(error);
    throw userError(`Cannot load a policy pack as ${why}: ${directory}.`, { cause: error });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col: column } = lines.linePos(problem.pos[0]);
    throw userError(`Cannot read the policy pack as it is not YAML: ${problem.message.split('\n')[0]}`, {
      place: { file, line, column },
    });
  }
  const content: unknown = document.toJS();
  const runtime = textOf(field(content, 'runtime')) ?? textOf(field(field(content, 'runtime'), 'name'));
  if (!runtime) {
    throw userError("Cannot load the policy pack as it does not say its 'runtime'. Write runtime: nodejs.", {
      place: { file },
    });
  }
  return { runtime, version: textOf(field(content, 'version')) ?? '' };
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

/** Versions such as 1.0 are numbers to YAML. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
