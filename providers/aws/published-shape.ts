import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the declarations of the published SDK say of a resource. */
export interface PublishedShape {
  /** Names of the properties that a program reads. */
  readonly outputs: readonly string[];
  /** Names of the arguments, and whether they must be given. */
  readonly inputs: ReadonlyMap<string, { readonly required: boolean }>;
}

const SDK = join(import.meta.dirname, '../../node_modules/@pulumi/aws');

/** Reads the declarations of a type such as `aws:ec2/vpc:Vpc`. Throws where the SDK has no such resource. */
export function publishedShape(type: string): PublishedShape {
  const [, path = '', name = ''] = type.split(':');
  const text = readFileSync(join(SDK, `${path}.d.ts`), 'utf8');
  const start = text.indexOf(`export interface ${name}Args {`);
  if (start < 0) throw new Error(`Cannot read the arguments of ${type} as the SDK declares none.`);
  const inputs = [...text.slice(start).matchAll(/^ {4}(\w+)(\??): pulumi\.Input</gm)];
  return {
    outputs: [...text.matchAll(/^ {4}readonly (\w+): pulumi\.Output</gm)].map(([, key]) => key!),
    inputs: new Map(inputs.map(([, key, optional]) => [key!, { required: optional === '' }])),
  };
}
