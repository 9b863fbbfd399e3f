import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, userError } from '../../foundation/errors.ts';
import { ensureSecrets, type OpenStack, openStack } from '../operations/open-stack.ts';
import type { RawDeployment } from '../state/backend.ts';
import { decodeDeployment, encodeDeployment } from '../state/checkpoint.ts';
import { checkIntegrity, refuseFault } from '../state/integrity.ts';
import type { Command, CommandContext } from './command.ts';
import { showSecretsFlag, stackFlag } from './shared-flags.ts';

export const stackExport: Command = {
  name: 'export',
  summary: "Export a stack's deployment to standard out",
  flags: [
    { name: 'file', kind: 'text', summary: 'A file to write to' },
    showSecretsFlag,
    stackFlag,
    { name: 'version', kind: 'text', summary: '', unsupported: 'this backend keeps no numbered versions' },
  ],
  async run(context, _args, flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const raw = flags.boolean('show-secrets')
      ? await plainDeployment(stack)
      : await stack.backend.exportDeployment(stack.identity);
    const { version, features, deployment } = raw;
    const text = `${JSON.stringify({ version, ...(features?.length && { features }), deployment }, undefined, 4)}\n`;
    const file = flags.text('file');
    if (file === undefined) context.terminal.write(text);
    else await writeFile(resolve(context.directory, file), text, { mode: 0o600 });
    return undefined;
  },
};

/** The deployment as it is, but for its secrets. */
async function plainDeployment(stack: OpenStack): Promise<RawDeployment> {
  const raw = await stack.backend.exportDeployment(stack.identity);
  const snapshot = await decodeDeployment(raw, stack.openSecrets);
  const plain = encodeDeployment(snapshot, { showSecrets: true });
  return { ...raw, deployment: { ...plain.deployment, manifest: raw.deployment.manifest } };
}

export const stackImport: Command = {
  name: 'import',
  summary: 'Import a deployment from standard in into an existing stack',
  flags: [
    { name: 'file', kind: 'text', summary: 'A file to read from' },
    { name: 'force', short: 'f', kind: 'boolean', summary: 'Import it although it seems wrong' },
    stackFlag,
  ],
  async run(context, _args, flags) {
    const stack = await openStack(context, { name: flags.text('stack') });
    const file = flags.text('file');
    const place = file === undefined ? undefined : resolve(context.directory, file);
    const raw = parsedDeployment(await deploymentText(context, place), place ?? 'standard input');
    const force = flags.boolean('force');
    const encrypted = await withSecretsEncrypted(context, stack, raw, force);
    const lock = await stack.backend.lock(stack.identity);
    try {
      await stack.backend.importDeployment(stack.identity, encrypted, { force });
    } finally {
      await lock.release();
    }
    context.terminal.write('Import complete.\n');
    return undefined;
  },
};

async function deploymentText(context: CommandContext, file: string | undefined): Promise<string> {
  if (file === undefined) return context.terminal.readInput();
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw userError(`could not open file: ${messageOf(cause)}`, { place: { file }, cause });
  }
}

function parsedDeployment(text: string, file: string): RawDeployment {
  try {
    const json = JSON.parse(text) as Partial<RawDeployment> | null;
    if (typeof json?.version !== 'number') throw new Error('it has no version');
    if (json.version < 3 || json.version > 4)
      throw new Error(`its version is ${json.version}, and only 3 and 4 can be imported`);
    return { version: json.version, features: json.features, deployment: json.deployment ?? {} };
  } catch (cause) {
    throw userError(
      `Cannot import the deployment as it is not one: ${messageOf(cause)}. Give what \`pulumi stack export\` writes.`,
      { place: { file }, cause },
    );
  }
}

/** Secrets in plain text are encrypted with the stack's key; a state without any stays as it is. */
async function withSecretsEncrypted(
  context: CommandContext,
  stack: OpenStack,
  raw: RawDeployment,
  force: boolean,
): Promise<RawDeployment> {
  const { checkDeploymentShape } = await import('../state/deployment-shape.ts');
  const whatToDo = 'Correct what is imported; the state is as it was.';
  if (!force) refuseFault(() => checkDeploymentShape(raw), whatToDo);
  const snapshot = await decodeDeployment(raw, stack.openSecrets);
  if (!force) refuseFault(() => checkIntegrity(snapshot.resources), whatToDo);
  if (!JSON.stringify(raw.deployment).includes('"plaintext"')) return raw;
  const secretsManager = await ensureSecrets(stack, context.environment);
  return encodeDeployment({ ...snapshot, secretsManager });
}
