import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type TypeScript from 'typescript';
import { readCompilerOptions, type TranspileOptions } from './compiler-options.ts';
import { openDiskCache } from './disk-cache.ts';
import type { TypeScriptSettings } from './program-assignment.ts';

export type ModuleFormat = 'commonjs' | 'module';

/** Turns one program's TypeScript files into JavaScript. */
export interface Transpiler {
  readonly options: TranspileOptions;
  /** JavaScript with its source map. Throws a `TSError`, as the official host does, for a file that cannot be parsed. */
  transpile(file: string, format: ModuleFormat): string;
}

/**
 * A transpiler by the program's own compiler (else ours) and tsconfig, file by file, as ts-node does it without type check: what it writes
 * is what the SDK's closure serialization knows (the output of esbuild is not: it wraps every imported module in an object of its own).
 * Every result is kept on disk by content, so the compiler itself is loaded only when something changed.
 */
export function createTranspiler(programDirectory: string, settings: TypeScriptSettings): Transpiler {
  const cache = openDiskCache(settings.cacheDirectory);
  const found = findCompiler(programDirectory, settings.fallbackCompiler);
  const options = readCompilerOptions(settings.tsconfig, { cache, compiler: found.load });
  return {
    options,
    transpile(file, format) {
      const source = readFileSync(file, 'utf8');
      const compilerOptions = optionsFor(format, options, found.version);
      const key = JSON.stringify([found.version, compilerOptions, basename(file), source]);
      const known = cache.get(key);
      if (known !== undefined) return known;
      const output = transpileSource(found.load(), { file, source, compilerOptions });
      cache.set(key, output);
      return output;
    },
  };
}

interface Compiler {
  readonly version: string;
  load(): typeof TypeScript;
}

/** The program's own compiler, where it is one that can be called from JavaScript. */
function findCompiler(programDirectory: string, fallback: string): Compiler {
  const require = createRequire(join(programDirectory, 'index.js'));
  let file = fallback;
  try {
    file = require.resolve('typescript/lib/typescript.js');
  } catch {
    // The program brings none.
  }
  const versionOf = (compiler: string): string =>
    (JSON.parse(readFileSync(join(dirname(compiler), '..', 'package.json'), 'utf8')) as { version: string }).version;
  return { version: versionOf(file), load: () => require(file) as typeof TypeScript };
}

/**
 * The official host's defaults (cmd/run/run.js): target ES2020, ES2022 for ES modules, unless the tsconfig itself says otherwise; `module` nodenext,
 * which implies esModuleInterop. The format of the output follows from the file, as nodenext has it.
 */
function optionsFor(format: ModuleFormat, options: TranspileOptions, version: string): TypeScript.CompilerOptions {
  const { target, module, verbatimModuleSyntax, ...others } = options.compiler;
  const interop = module === undefined || module >= kinds.node16 || Number.parseInt(version, 10) >= 6;
  return {
    esModuleInterop: interop,
    // From ES2022 on the compiler would take a declared field for a definition, which overwrites what super() set, unless told otherwise.
    ...(!options.ownTarget && { useDefineForClassFields: false }),
    ...others,
    target: options.ownTarget ? target : format === 'module' ? targets.es2022 : targets.es2020,
    module: format === 'module' ? kinds.esnext : kinds.commonjs,
    // In CommonJS it would keep the import statements, which Node cannot run.
    ...(format === 'module' && verbatimModuleSyntax ? { verbatimModuleSyntax } : {}),
    isolatedModules: true,
    inlineSourceMap: true,
    noEmit: false,
  };
}

/** `ts.ModuleKind` and `ts.ScriptTarget`, whose numbers are part of the compiler's API: it need not be loaded to name them. */
const kinds = { commonjs: 1, node16: 100, esnext: 99 } as const;
const targets = { es2020: 7, es2022: 9 } as const;

interface SourceFile {
  readonly file: string;
  readonly source: string;
  readonly compilerOptions: TypeScript.CompilerOptions;
}

function transpileSource(ts: typeof TypeScript, { file, source, compilerOptions }: SourceFile): string {
  const { outputText, diagnostics = [] } = ts.transpileModule(source, {
    fileName: basename(file),
    compilerOptions,
    reportDiagnostics: true,
  });
  const problems = diagnostics.filter(({ category, start }) => category === 1 && start !== undefined);
  if (problems.length > 0) throw syntaxError(ts, file, problems);
  return outputText;
}

function syntaxError(ts: typeof TypeScript, file: string, problems: readonly TypeScript.Diagnostic[]): Error {
  const lines = problems.map((problem) => {
    const { line, character } = problem.file!.getLineAndCharacterOfPosition(problem.start!);
    const why = ts.flattenDiagnosticMessageText(problem.messageText, '\n');
    return `${file}(${line + 1},${character + 1}): error TS${problem.code}: ${why}`;
  });
  const error = new Error(`Unable to compile TypeScript:\n${lines.join('\n')}`);
  // The SDK shows errors of this name without their stack.
  error.name = 'TSError';
  return error;
}
