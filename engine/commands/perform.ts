import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { containsSecrets, containsUnknowns } from '../../protocol/property-equality.ts';
import type { DeploymentKind } from '../deploy/deployment-options.ts';
import type { EventSink } from '../deploy/events.ts';
import { ensureSecrets, type OpenStack } from '../operations/open-stack.ts';
import type { OperationOptions } from '../operations/operation-options.ts';
import { prepareProgram } from '../operations/prepare-program.ts';
import type { OperationOutcome } from '../operations/run-operation.ts';
import { mapToJson } from '../state/property-json.ts';
import type { CommandContext } from './command.ts';
import { CommandFailure, type ExitCode, exitCodes } from './exit-codes.ts';
import type { Flags } from './flags.ts';
import { ImportFileOfPreview, type PlannedImports } from './import-file-of-preview.ts';
import { openOperationDisplay } from './operation-display.ts';

/** A stack and what is to be done to it. */
export interface Operation {
  readonly context: CommandContext;
  readonly flags: Flags;
  readonly stack: OpenStack;
  readonly options: OperationOptions;
}

/** Runs one operation and shows it. */
export async function showOperation(
  operation: Operation,
  preview: boolean,
  watch: EventSink = () => {},
): Promise<OperationOutcome> {
  const { context, flags, stack, options } = operation;
  const { kind } = options;
  await prepareProgram(context, stack, options);
  // Loaded here, as most commands need no engine at all.
  const { runOperation } = await import('../operations/run-operation.ts');
  const display = await openOperationDisplay(context, flags, { kind, preview, stack: stack.identity.stack });
  try {
    return await runOperation({
      place: context,
      stack,
      options,
      preview,
      showSecrets: flags.names().includes('show-secrets') && flags.boolean('show-secrets'),
      events: (event) => {
        watch(event);
        display.show(event);
      },
      signal: context.signal,
    });
  } finally {
    await display.finish();
  }
}

/** A preview alone, with its exit code. */
export async function performPreview(operation: Operation): Promise<ExitCode> {
  const file = operation.flags.names().includes('import-file') ? operation.flags.text('import-file') : undefined;
  const gathered = file === undefined ? undefined : new ImportFileOfPreview();
  const outcome = await showOperation(operation, true, gathered && ((event) => gathered.add(event)));
  const code = exitCodeOf(outcome, operation.flags, 'preview');
  if (gathered && code === exitCodes.ok) await writeImportFile(operation, file!, gathered.content());
  return code;
}

/** Secrets in the settings of providers are encrypted with the key of the stack. */
async function writeImportFile(
  operation: Operation,
  file: string,
  { nameTable, resources }: PlannedImports,
): Promise<void> {
  const { context, stack } = operation;
  const secret = resources.some(({ inputs }) => inputs && containsSecrets(inputs));
  const manager = secret ? await ensureSecrets(stack, context.environment) : undefined;
  const shown = resources.map(({ inputs, ...spec }) => {
    if (!inputs) return spec;
    const known = Object.entries(inputs).filter(([, value]) => !containsUnknowns(value));
    if (known.length < Object.keys(inputs).length)
      context.terminal.writeError(
        `warning: settings of the provider ${spec.name} are not known yet; fill them in before importing\n`,
      );
    return { ...spec, inputs: mapToJson(Object.fromEntries(known), manager && { kind: 'encrypt', manager }) };
  });
  const content = { ...(Object.keys(nameTable).length > 0 && { nameTable }), resources: shown };
  await writeFile(resolve(context.directory, file), `${JSON.stringify(content, undefined, 4)}\n`, { mode: 0o600 });
}

/**
 * The way of `up`, `refresh`, `destroy` and `import`: a preview unless it is to be skipped, the question, the operation. Throws where
 * there is nobody to ask and no `--yes`.
 */
export async function perform(operation: Operation): Promise<ExitCode> {
  const { context, flags } = operation;
  const yes = flags.boolean('yes');
  const skipPreview = flags.boolean('skip-preview') || flags.boolean('json');
  if (!context.interactive && !yes && !flags.boolean('skip-preview')) {
    throw new CommandFailure(
      '--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode',
      exitCodes.configuration,
    );
  }
  if (!skipPreview) {
    const preview = await showOperation(operation, true);
    if (preview.result !== 'succeeded') return exitCodeOf(preview, flags, 'preview');
    if (!yes && !(await approved(operation)))
      throw new CommandFailure('confirmation declined, not proceeding with the operation', exitCodes.cancelled);
  }
  const outcome = await showOperation(operation, false);
  return exitCodeOf(outcome, flags, operation.options.kind);
}

const questions: Readonly<Record<DeploymentKind, string>> = {
  update: 'perform this update',
  refresh: 'perform this refresh',
  destroy: 'perform this destroy',
  import: 'perform this import',
};

/** yes, no, or details: the preview again with its differences. */
async function approved(operation: Operation): Promise<boolean> {
  const { context, options } = operation;
  for (;;) {
    const answer = await context.terminal.ask(
      `Do you want to ${questions[options.kind]}? [yes/no/details] `,
      context.signal,
    );
    const word = answer.trim().toLowerCase();
    if (word === 'yes' || word === 'y') return true;
    if (word === 'no' || word === 'n' || word === '') return false;
    if (word === 'details' || word === 'd')
      await showOperation({ ...operation, flags: operation.flags.with('diff', true) }, true);
  }
}

function exitCodeOf(outcome: OperationOutcome, flags: Flags, what: DeploymentKind | 'preview'): ExitCode {
  if (outcome.result === 'cancelled') return exitCodes.cancelled;
  if (outcome.result === 'failed') return exitCodes.failed;
  const expectNone = flags.names().includes('expect-no-changes') && flags.boolean('expect-no-changes');
  if (!expectNone || !outcome.changed) return exitCodes.ok;
  throw new CommandFailure(
    `no changes were expected for ${what} but changes were proposed`,
    exitCodes.expectedNoChanges,
  );
}
