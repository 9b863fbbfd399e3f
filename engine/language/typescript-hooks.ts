import { existsSync, readFileSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TypeScriptSettings } from './program-assignment.ts';
import { createTranspiler, type ModuleFormat, type Transpiler } from './transpile.ts';

const sourceExtensions = ['.ts', '.tsx', '.mts', '.cts'];
/** What an import may call a file, and what it may be: TypeScript's way of naming the output. */
const outputExtensions: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};

/**
 * Lets `require` and `import` of this process load the program's TypeScript. It always stands before Node's own type stripping, which
 * leaves declared fields in classes that overwrite what `super()` set. Packages in node_modules are left to Node. `transpiled` gets every
 * output, for source maps.
 */
export function installTypeScript(
  directory: string,
  settings: TypeScriptSettings,
  transpiled: (file: string, output: string) => void,
): void {
  let made: Transpiler | undefined;
  const transpiler = () => (made ??= createTranspiler(directory, settings));
  const paths = () => pathCandidates(transpiler(), settings.tsconfig);
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        const file = settings.enabled ? otherPlace(specifier, context.parentURL, paths) : undefined;
        if (file === undefined) throw error;
        return { url: pathToFileURL(file).href, format: null, shortCircuit: true };
      }
    },
    load(url, context, next) {
      if (!isProgramSource(url)) return next(url, context);
      const file = fileURLToPath(url);
      if (!settings.enabled) throw switchedOff(file);
      const format = formatOf(file);
      const source = transpiler().transpile(file, format);
      transpiled(file, source);
      return { format, source, shortCircuit: true };
    },
  });
}

/** Where a TypeScript file is that Node did not find by itself. cmd/run asks for the program's directory: it counts as the program's. */
function otherPlace(
  specifier: string,
  from: string | undefined,
  paths: () => (name: string) => string | undefined,
): string | undefined {
  if (from === undefined) return undefined;
  if (!isPath(specifier)) return isPackaged(from) ? undefined : paths()(specifier);
  const path = absolute(specifier, from);
  return isPackaged(path) ? undefined : findSource(path);
}

function isProgramSource(url: string): boolean {
  if (!url.startsWith('file:') || isPackaged(url)) return false;
  const path = fileURLToPath(url);
  return sourceExtensions.includes(extname(path)) && dirname(path) !== import.meta.dirname;
}

function isPackaged(url: string): boolean {
  return url.includes('/node_modules/');
}

function isPath(specifier: string): boolean {
  return /^(\.{0,2}\/|\.{1,2}$|file:|[A-Za-z]:[\\/])/.test(specifier);
}

function absolute(specifier: string, from: string): string {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier);
  return resolve(from.startsWith('file:') ? dirname(fileURLToPath(from)) : dirname(from), specifier);
}

/** The TypeScript file that a path without or with another extension stands for. */
function findSource(path: string): string | undefined {
  const extension = extname(path);
  const outputs = (outputExtensions[extension] ?? []).map((source) => path.slice(0, -extension.length) + source);
  const files = sourceExtensions.map((source) => path + source);
  const indexes = sourceExtensions.map((source) => join(path, `index${source}`));
  return [...outputs, ...files, ...indexes].find(isFile);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Looks a name up in the `paths` of the tsconfig (https://www.typescriptlang.org/tsconfig/#paths): the longest pattern wins. */
function pathCandidates(transpiler: Transpiler, tsconfig: string | undefined): (name: string) => string | undefined {
  const { paths, pathsBase } = transpiler.options;
  const base = resolve(tsconfig === undefined ? '.' : dirname(tsconfig), pathsBase);
  const patterns = Object.keys(paths).sort((a, b) => b.length - a.length);
  return (name) => {
    for (const pattern of patterns) {
      const middle = matched(pattern, name);
      if (middle === undefined) continue;
      for (const target of paths[pattern] ?? []) {
        const file = resolve(base, target.replace('*', middle));
        const found = isFile(file) ? file : findSource(file);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  };
}

/** What the `*` of a pattern stands for in a name, '' for a pattern without one. Undefined: it does not match. */
function matched(pattern: string, name: string): string | undefined {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === name ? '' : undefined;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (!name.startsWith(before) || !name.endsWith(after) || name.length < before.length + after.length) return undefined;
  return name.slice(before.length, name.length - after.length);
}

/** By its extension, else by the `type` of the nearest package.json, as `module: nodenext` has it. */
function formatOf(file: string): ModuleFormat {
  if (file.endsWith('.mts')) return 'module';
  if (file.endsWith('.cts')) return 'commonjs';
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest)) {
      const { type } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly type?: string };
      return type === 'module' ? 'module' : 'commonjs';
    }
    if (dirname(directory) === directory) return 'commonjs';
  }
}

function switchedOff(file: string): Error {
  const error = new Error(
    `Cannot load the TypeScript file as runtime.options.typescript of Pulumi.yaml is false: ${file}. ` +
      'Set it to true, or name the JavaScript that is built from it in main.',
  );
  error.name = 'TSError';
  return error;
}
