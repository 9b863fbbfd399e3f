import { spawn } from 'node:child_process';
import { systemCode } from '../../../foundation/errors.ts';
import type { PropertyMap, PropertyValue } from '../../../protocol/property-value.ts';
import { ProviderError } from '../../../protocol/provider.ts';
import { plain } from '../diff-inputs.ts';
import { decodeYaml } from './yaml-decode.ts';

/** `kubernetes:helm:template{jsonOpts}` -> `{result: objects}`, by the `helm` executable on the PATH. */
export async function renderChart(args: PropertyMap): Promise<PropertyMap> {
  const options = JSON.parse(String(plain(args.jsonOpts))) as ChartOptions;
  const repository = options.fetch_opts?.repo;
  const version = options.version ?? options.fetch_opts?.version;
  const text = await run(
    'helm',
    [
      ...['template', options.release_name, options.path ?? options.chart ?? ''],
      ...(repository ? ['--repo', repository] : []),
      ...(version ? ['--version', version] : []),
      ...(options.namespace ? ['--namespace', options.namespace] : []),
      ...(options.skip_crd_rendering ? [] : ['--include-crds']),
      ...['--values', '-'],
    ],
    JSON.stringify(options.values ?? {}),
  );
  return decodeYaml({ text, ...(options.namespace ? { defaultNamespace: options.namespace } : {}) });
}

/** `kubernetes:kustomize:directory{directory}` -> `{result: objects}`, by the `kustomize` executable on the PATH. */
export async function renderKustomization(args: PropertyMap): Promise<PropertyMap> {
  return decodeYaml({ text: await run('kustomize', ['build', String(plain(args.directory))], '') });
}

/** The part of the provider's chart options that a client-side rendering needs. */
interface ChartOptions {
  readonly release_name: string;
  readonly chart?: string;
  readonly path?: string;
  readonly version?: string;
  readonly namespace?: string;
  readonly values?: { readonly [key: string]: PropertyValue };
  readonly fetch_opts?: { readonly repo?: string; readonly version?: string };
  readonly skip_crd_rendering?: boolean;
}

function run(command: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const output: string[] = [];
    const complaints: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
    child.once('error', (error) => reject(new ProviderError(unstartable(command, error), { cause: error })));
    child.once('close', (code) => {
      if (code === 0) resolve(output.join(''));
      else reject(new ProviderError(`sandbox: ${command} ${args[0]} failed: ${complaints.join('').trim()}`));
    });
    // A tool that ends before it has read everything says so by its exit code.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function unstartable(command: string, error: unknown): string {
  const reason = systemCode(error) === 'ENOENT' ? 'it is not installed' : String(error);
  return `Cannot render in the sandbox as ${command} does not start: ${reason}. Put ${command} on the PATH.`;
}
