import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type TypeScript from 'typescript';
import { userError } from '../../foundation/errors.ts';
import type { DiskCache } from './disk-cache.ts';

type CompilerOptions = TypeScript.CompilerOptions;

/** What a tsconfig says of the output, free of where it lies: a checkout elsewhere shares the result. */
export interface TranspileOptions {
  readonly compiler: CompilerOptions;
  /** `paths` of the tsconfig, and what they are relative to. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** Relative to the directory of the tsconfig. */
  readonly pathsBase: string;
  /** Whether the tsconfig itself sets `target` or `module`; what it extends does not count, as in the official host. */
  readonly ownTarget: boolean;
}

interface Stored extends TranspileOptions {
  /** Every file that was read, relative to the directory of the tsconfig, with the hash of its text. */
  readonly files: readonly (readonly [string, string])[];
}

const none: TranspileOptions = { compiler: {}, paths: {}, pathsBase: '.', ownTarget: false };

/**
 * Reads a program's tsconfig with all that it extends. The compiler is loaded only where the stored answer is not the answer for these
 * texts. Throws a user error with file and line for a tsconfig that cannot be read.
 */
export function readCompilerOptions(
  tsconfig: string | undefined,
  { cache, compiler }: { readonly cache: DiskCache; readonly compiler: () => typeof TypeScript },
): TranspileOptions {
  if (tsconfig === undefined || !existsSync(tsconfig)) return none;
  const key = `tsconfig:${hash(readFileSync(tsconfig, 'utf8'))}`;
  const stored = parseStored(cache.get(key));
  if (stored?.files.every(([file, sum]) => hashOf(resolve(dirname(tsconfig), file)) === sum)) return stored;
  const fresh = parseTsconfig(tsconfig, compiler());
  cache.set(key, JSON.stringify(fresh));
  return fresh;
}

function parseStored(text: string | undefined): Stored | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Stored);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hashOf(file: string): string | undefined {
  try {
    return hash(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function parseTsconfig(tsconfig: string, ts: typeof TypeScript): Stored {
  const directory = dirname(tsconfig);
  const files = new Map<string, string>();
  const host = {
    useCaseSensitiveFileNames: true,
    fileExists: ts.sys.fileExists,
    // Only the options are of interest: the program is what it imports.
    readDirectory: () => [],
    readFile(file: string) {
      const text = ts.sys.readFile(file);
      if (text !== undefined && !file.endsWith('package.json')) files.set(relative(directory, file), hash(text));
      return text;
    },
  };
  const source = ts.readJsonConfigFile(tsconfig, host.readFile);
  const parsed = ts.parseJsonSourceFileConfigFileContent(source, host, directory, undefined, tsconfig);
  const [problem] = parsed.errors.filter(({ code }) => !noInputs.includes(code));
  if (problem !== undefined) throw tsconfigError(tsconfig, problem, ts);
  const own = ts.parseConfigFileTextToJson(tsconfig, source.text).config?.compilerOptions ?? {};
  const { paths = {}, baseUrl, pathsBasePath, ...compiler } = parsed.options;
  return {
    files: [...files],
    compiler: portable(compiler),
    paths,
    pathsBase: relative(directory, baseUrl ?? String(pathsBasePath ?? directory)) || '.',
    ownTarget: 'target' in own,
  };
}

/** "No inputs were found": we gave it none. */
const noInputs: readonly number[] = [18002, 18003];

/** Only what decides the text of the output. Where it would be written, and what is checked, does not. */
function portable(options: CompilerOptions): CompilerOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => outputOptions.has(name)));
}

const outputOptions = new Set([
  'alwaysStrict',
  'downlevelIteration',
  'emitDecoratorMetadata',
  'esModuleInterop',
  'experimentalDecorators',
  'importHelpers',
  'jsx',
  'jsxFactory',
  'jsxFragmentFactory',
  'jsxImportSource',
  'module',
  'noEmitHelpers',
  'noImplicitUseStrict',
  'preserveConstEnums',
  'preserveValueImports',
  'importsNotUsedAsValues',
  'removeComments',
  'strict',
  'target',
  'useDefineForClassFields',
  'verbatimModuleSyntax',
]);

function tsconfigError(tsconfig: string, problem: TypeScript.Diagnostic, ts: typeof TypeScript): Error {
  const why = ts.flattenDiagnosticMessageText(problem.messageText, ' ');
  const file = problem.file?.fileName ?? tsconfig;
  const text = problem.file?.text ?? '';
  const line = text.slice(0, problem.start ?? 0).split('\n').length;
  return userError(`Cannot use the program's tsconfig as ${why} Correct it.`, {
    place: problem.file ? { file, line } : { file },
  });
}
