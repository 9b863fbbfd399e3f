import { userError } from '../../foundation/errors.ts';

/** `runtime.options` of Pulumi.yaml for `nodejs` (sdk/nodejs/cmd/pulumi-language-nodejs/main.go, parseOptions). */
export interface NodeRuntimeOptions {
  /** False: the program is plain JavaScript, and loading a TypeScript file is an error. Default true. */
  readonly typescript: boolean;
  /** The program's tsconfig, relative to its working directory. Undefined: `tsconfig.json` where there is one. */
  readonly tsconfig: string | undefined;
  /** Arguments of the Node process. */
  readonly nodeArguments: readonly string[];
}

const packageManagers: readonly unknown[] = ['auto', 'npm', 'yarn', 'pnpm', 'bun'];

/** Throws a user error that names an option of the wrong kind. Options of other runtimes are none of ours. */
export function parseRuntimeOptions(options: Readonly<Record<string, unknown>>): NodeRuntimeOptions {
  const { typescript = true, tsconfig, nodeargs = '', packagemanager = 'auto' } = options;
  if (typeof typescript !== 'boolean') throw wrong('typescript', typescript, 'true or false');
  if (tsconfig !== undefined && typeof tsconfig !== 'string') throw wrong('tsconfig', tsconfig, 'the path of a file');
  if (typeof nodeargs !== 'string') throw wrong('nodeargs', nodeargs, 'a text such as "--max-old-space-size=4096"');
  if (!packageManagers.includes(packagemanager))
    throw wrong('packagemanager', packagemanager, `one of ${packageManagers.join(', ')}`);
  return { typescript, tsconfig: tsconfig || undefined, nodeArguments: splitArguments(nodeargs) };
}

function wrong(name: string, value: unknown, wanted: string): Error {
  return userError(
    `Cannot use runtime.options.${name} of Pulumi.yaml as it is not ${wanted}: ${JSON.stringify(value)}. Correct or remove it.`,
  );
}

/** Splits at blanks as a shell does: quotes of either kind keep a part together, a backslash keeps one character. */
export function splitArguments(text: string): string[] {
  const part = /(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'\\])+/g;
  if (text.replaceAll(part, '').trim() !== '') throw wrong('nodeargs', text, 'a text whose quotes are closed');
  const parts = text.match(part) ?? [];
  return parts.map((quoted) =>
    quoted.replaceAll(/\\(.)|"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_all, escaped, double, single) =>
      escaped !== undefined ? escaped : double !== undefined ? double.replaceAll(/\\(["\\])/g, '$1') : single,
    ),
  );
}
