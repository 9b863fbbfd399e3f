import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a program's first resource goes through: their source maps take 50 ms to read. */
const mappedFiles = ['resource.js', 'output.js', 'runtime/resource.js', 'runtime/stack.js', 'cmd/run/run.js'];

/** Loaded by cmd/run at its start; `cmd/run/index` and `run` themselves begin to run when they are loaded. */
const lateModules = ['minimist', 'ini', 'semver', './tracing', './error', '../../runtime/stack', '../../tsutils'];

/** A bit of everything that programs are written with. */
const sampleSource = `
import * as pulumi from '@pulumi/pulumi';
import { readFileSync, type PathLike } from 'fs';
export interface Args { readonly size: pulumi.Input<number>; tags?: Record<string, string> }
const names: readonly string[] = ['a', 'b'].map((name) => \`\${name}-\${pulumi.getStack()}\`);
export class Thing<T extends Args = Args> extends pulumi.ComponentResource {
  public readonly size!: pulumi.Output<number>;
  constructor(name: string, private readonly args: T, options: pulumi.ComponentResourceOptions = {}) {
    super('sample:index:Thing', name, {}, { ...options, parent: options.parent ?? undefined });
    for (const [key, value] of Object.entries(args.tags ?? {})) if (key !== value) continue;
  }
}
export async function load(path: PathLike): Promise<string | undefined> {
  try { return readFileSync(path as string, 'utf8'); } catch { return undefined; }
}
export = names;
`;

interface Compiler {
  transpileModule(source: string, options: object): unknown;
}

/**
 * Does once, in a process that waits anyway, what every program does first: reads the source maps of the SDK, and, as the SDK has loaded it,
 * lets TypeScript's compiler warm up for the program that was just changed. `require` is that of cmd/run.
 */
export function rehearse(sdk: string, require: NodeJS.Require): void {
  for (const module of lateModules) require(module);
  const maps = require('source-map-support') as {
    mapSourcePosition(position: { readonly source: string; readonly line: number; readonly column: number }): unknown;
  };
  for (const file of mappedFiles) maps.mapSourcePosition({ source: join(sdk, file), line: 100, column: 1 });
  compileSample(require);
  collectGarbage();
}

function compileSample(require: NodeJS.Require): void {
  const loaded = Object.keys(require.cache).find((file) => file.endsWith('/typescript/lib/typescript.js'));
  if (loaded === undefined) return;
  const compilerOptions = { target: 7, module: 1, isolatedModules: true, inlineSourceMap: true, esModuleInterop: true };
  for (let time = 0; time < 3; time += 1)
    (require(loaded) as Compiler).transpileModule(sampleSource, { compilerOptions, reportDiagnostics: true });
}

/** Loading leaves some 40 MB behind, which would be collected in the program's time. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--no-expose-gc');
}
