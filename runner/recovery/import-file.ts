/**
 * `node runner/recovery/import-file.ts <backup>` writes, from a backup of a state, the file that `pulumi import --file` rebuilds the state with. The
 * backup may be a file of `.pulumi/backups`, of `.pulumi/history`, or what `pulumi stack export` once gave; how old it is does not matter, as only names
 * and ids are taken from it: the rest is read from what exists.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { isMainstayError, messageOf, userError } from '../../foundation/errors.ts';

const resource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  custom: z.boolean().optional(),
  delete: z.boolean().optional(),
  external: z.boolean().optional(),
  id: z.string().optional(),
  parent: z.string().optional(),
  provider: z.string().optional(),
});
const deployment = z.looseObject({ resources: z.array(resource).default([]) });
const checkpoint = z.union([
  z.looseObject({ checkpoint: z.looseObject({ latest: deployment }) }).transform((value) => value.checkpoint.latest),
  z.looseObject({ deployment }).transform((value) => value.deployment),
]);

type Resource = z.output<typeof resource>;

/** The format of `pulumi import --file` (https://www.pulumi.com/docs/iac/adopting-pulumi/import/#bulk-import-operations). */
export interface ImportFile {
  readonly nameTable: Readonly<Record<string, string>>;
  readonly resources: readonly {
    readonly type: string;
    readonly name: string;
    readonly id?: string;
    readonly parent?: string;
    readonly provider?: string;
    readonly component?: true;
  }[];
}

/** What could not be put into the file, in words. */
export interface Rebuild {
  readonly file: ImportFile;
  readonly left: readonly string[];
}

/** Makes an import file of a backup. Throws a user error where the text is none. */
export function rebuildFrom(name: string, text: string): Rebuild {
  const parsed = checkpoint.safeParse(jsonIn(name, text));
  if (!parsed.success)
    throw userError(
      `Cannot rebuild a state as the file is no backup of one: ${name}. Give a file of .pulumi/backups or .pulumi/history.`,
    );
  const all = parsed.data.resources.filter((each) => !each.delete && !each.external);
  const wanted = all.filter((each) => !isProvider(each) && !isRoot(each));
  const nameTable: Record<string, string> = {};
  const left: string[] = [];
  const label = (urn: string) => {
    const known = Object.keys(nameTable).find((key) => nameTable[key] === urn);
    if (known !== undefined) return known;
    const made = `r${Object.keys(nameTable).length}`;
    nameTable[made] = urn;
    return made;
  };
  const resources = wanted.flatMap((each) => {
    if (each.type.startsWith('pulumi:pulumi:')) return [];
    if (each.custom && (each.id === undefined || each.id === '')) {
      left.push(`${each.urn} has no id`);
      return [];
    }
    const provider = each.provider?.slice(0, each.provider.lastIndexOf('::'));
    const explicit = provider !== undefined && !/::default(_[\w]+)*$/.test(provider);
    if (explicit)
      left.push(
        `${each.urn} belongs to the provider ${provider}: it has to exist before, by an update of that provider alone`,
      );
    return [
      {
        type: each.type,
        name: each.urn.slice(each.urn.lastIndexOf('::') + 2),
        ...(each.custom ? { id: each.id! } : { component: true as const }),
        ...(each.parent !== undefined && !isRootUrn(each.parent) && { parent: label(each.parent) }),
        ...(explicit && { provider: label(provider) }),
      },
    ];
  });
  return { file: { nameTable, resources }, left };
}

function jsonIn(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw userError(
      `Cannot rebuild a state as the file is no JSON: ${name}: ${messageOf(error)}. Give another backup.`,
    );
  }
}

function isProvider({ type }: Resource): boolean {
  return type.startsWith('pulumi:providers:');
}

function isRoot({ type }: Resource): boolean {
  return type === 'pulumi:pulumi:Stack';
}

function isRootUrn(urn: string): boolean {
  return /::pulumi:pulumi:Stack::[^:]*$/.test(urn);
}

function main(): void {
  const [name] = process.argv.slice(2);
  try {
    if (name === undefined)
      throw userError('Cannot rebuild a state without a backup. Run node runner/recovery/import-file.ts <backup>.');
    const bytes = readFileSync(name);
    const { file, left } = rebuildFrom(name, (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
    process.stdout.write(`${JSON.stringify(file, null, 2)}\n`);
    for (const line of left) process.stderr.write(`not rebuilt by this alone: ${line}\n`);
  } catch (error) {
    process.stderr.write(
      `${isMainstayError(error) ? error.message : `Cannot read the backup: ${messageOf(error)}. Give another one.`}\n`,
    );
    process.exitCode = 1;
  }
}

if (import.meta.main) main();
