import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { PropertyMap } from '../../../protocol/property-value.ts';
import type { CheckFailure } from '../../../protocol/provider.ts';
import { checkProperties } from './check-values.ts';
import { bodyProperties, classOutputs, indexInterfaces, interfaceProperties, type Properties } from './declarations.ts';
import { documentedReplacements } from './documented-replacements.ts';

/** What the published SDK of a package says about its resources. */
export interface SdkFacts {
  /** Mistakes in a resource's inputs: missing, unknown and misfit properties. None where the SDK has no such type. */
  check(type: string, inputs: PropertyMap): readonly CheckFailure[];
  /** The inputs of a resource type, undefined where the SDK has no such type. */
  inputs(type: string): Properties | undefined;
  /** The outputs of a resource type, undefined where the SDK has no such type. */
  outputs(type: string): Properties | undefined;
  /** Inputs whose documentation says that a change makes a new resource. */
  replacing(type: string): ReadonlySet<string>;
  /** A named type of `types/input.d.ts` (`ec2.VpcPeering`). */
  object(name: string): Properties | undefined;
}

const loaded = new Map<string, SdkFacts>();

/**
 * Facts of `@pulumi/<package>` as installed for the program at `rootDirectory` (else as installed here). Files are read when a
 * type is first asked for, and kept for the life of the process.
 */
export function loadSdkFacts(packageName: string, rootDirectory: string): SdkFacts {
  const directory = findSdk(packageName, rootDirectory);
  const facts = loaded.get(directory ?? '') ?? (directory === undefined ? noFacts : createFacts(directory));
  if (directory !== undefined) loaded.set(directory, facts);
  return facts;
}

const noFacts: SdkFacts = {
  check: () => [],
  inputs: () => undefined,
  outputs: () => undefined,
  object: () => undefined,
  replacing: () => new Set(),
};

function createFacts(directory: string): SdkFacts {
  const source = remember((type: string) => readDeclaration(directory, type));
  const nested = remember((_: string) => {
    const file = join(directory, 'types', 'input.d.ts');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return { text, index: indexInterfaces(text) };
  });
  const object = remember((name: string) => {
    const { text, index } = nested('');
    const start = index.get(name);
    return start === undefined ? undefined : bodyProperties(text, start);
  });
  const inputs = remember((type: string) => interfaceProperties(source(type), `${className(type)}Args`));
  const outputs = remember((type: string) => classOutputs(source(type), className(type)));
  const replacing = remember((type: string) => documentedReplacements(source(type), `${className(type)}Args`));
  return {
    inputs,
    outputs,
    object,
    replacing,
    check(type, values) {
      const properties = inputs(type);
      return properties === undefined ? [] : checkProperties(values, properties, { path: '', object });
    },
  };
}

function className(type: string): string {
  return type.split(':').at(-1) ?? '';
}

/**
 * The declaration file of a type token: `aws:ec2/vpc:Vpc` is `ec2/vpc.d.ts`, `kubernetes:apps/v1:Deployment` is
 * `apps/v1/deployment.d.ts`, of a group with a domain (`networking.k8s.io`) the part before the first dot.
 */
function readDeclaration(directory: string, type: string): string {
  const [, module = '', name = ''] = type.split(':');
  const folder = module.replace(/^([^./]+)\.[^/]*/, '$1').replace(/^index\//, '');
  const file = name.charAt(0).toLowerCase() + name.slice(1);
  const candidates = [join(directory, `${folder}.d.ts`), join(directory, folder, `${file}.d.ts`)];
  const found = candidates.find((candidate) => existsSync(candidate));
  return found === undefined ? '' : readFileSync(found, 'utf8');
}

/** The version of `@pulumi/<package>` as installed for the program; '' where it is not. */
export function installedVersion(packageName: string, rootDirectory: string): string {
  const directory = findSdk(packageName, rootDirectory);
  if (directory === undefined) return '';
  const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string };
  return version.replace(/^v/, '');
}

function findSdk(packageName: string, rootDirectory: string): string | undefined {
  for (const from of [join(rootDirectory, 'package.json'), import.meta.url]) {
    try {
      return dirname(createRequire(from).resolve(`@pulumi/${packageName}/package.json`));
    } catch {
      // Not installed there: look in the next place.
    }
  }
  return undefined;
}

function remember<Result>(compute: (key: string) => Result): (key: string) => Result {
  const known = new Map<string, Result>();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key) as Result;
  };
}
