import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { createLog } from '../../foundation/log.ts';
import { createShutdown, endOnSignals } from '../../foundation/shutdown.ts';
import type { LocalCheckout } from '../../runner/local/local-checkout.ts';
import type { Validation } from '../../runner/local/validate-repository.ts';
import { print, progress } from '../output.ts';
import { findStateAddress } from '../state-address.ts';

/** Commands that look at a checkout and need no runner. What they need is loaded when they run: the engine takes half a second. */
export function addLocalCommands(program: Command): void {
  addInit(program);
  addValidate(program);
  addPreview(program);
}

function addInit(program: Command): void {
  program
    .command('init')
    .description('look at a Pulumi repository, and write a mainstay.yaml for it')
    .argument('[folder]', 'a checkout', '.')
    .option('--dry-run', 'show it and write nothing')
    .option('--json', 'print JSON')
    .action(async (folder: string, { dryRun, json }: { readonly dryRun?: boolean; readonly json?: boolean }) => {
      await inCheckout(folder, async (checkout) => {
        const { proposeSettings } = await import('../../runner/local/propose-settings.ts');
        const proposal = await proposeSettings(await checkout.tree(await checkout.snapshot()));
        if (!dryRun) writeFileSync(join(checkout.root, proposal.file), proposal.text, { flag: 'wx' });
        print(json, { ...proposal, written: !dryRun }, () => [
          ...proposal.explanation,
          '',
          `${dryRun ? 'Would write' : 'Wrote'} ${proposal.file}:`,
          '',
          ...proposal.text.trimEnd().split('\n'),
        ]);
      });
    });
}

function addValidate(program: Command): void {
  program
    .command('validate')
    .description('read what a runner reads, and name every mistake with its file and line')
    .argument('[folder]', 'a checkout', '.')
    .option('--json', 'print JSON')
    .action(async (folder: string, { json }: { readonly json?: boolean }) => {
      await inCheckout(folder, async (checkout) => {
        const { validateRepository } = await import('../../runner/local/validate-repository.ts');
        const validation = await validateRepository(await checkout.tree(await checkout.snapshot()));
        print(json, validation, () => validationLines(validation));
        if (validation.mistakes.length > 0) process.exitCode = 1;
      });
    });
}

function validationLines(validation: Validation): readonly string[] {
  const { projects, stacks, unmanaged, settingsFile, mistakes, warnings } = validation;
  const order = Map.groupBy(stacks, ({ environment }) => environment);
  const names = [...order].map(
    ([environment, members]) => `${environment} (${members.map(({ id }) => id).join(', ')})`,
  );
  return [
    ...mistakes,
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(unmanaged.length > 0
      ? [`warning: no environment of ${settingsFile} names ${unmanaged.join(', ')}: a runner leaves them alone.`]
      : []),
    mistakes.length > 0
      ? `${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'}.`
      : `${projects.length} project${projects.length === 1 ? '' : 's'}, ${stacks.length} stack${stacks.length === 1 ? '' : 's'}: ${names.join(' → ') || 'nothing to run'}. No mistakes.`,
  ];
}

interface PreviewFlags {
  readonly json?: boolean;
  readonly base?: string;
  readonly folder: string;
}

function addPreview(program: Command): void {
  program
    .command('preview')
    .description(
      'what the folder as it is would change once it is merged: the preview and the digest of its pull request',
    )
    .argument('[stack...]', 'names or ids; without: the stacks that it affects')
    .option('--base <branch>', 'where it would be merged; default: the default branch of origin')
    .option('--folder <folder>', 'a checkout', '.')
    .option('--json', 'print JSON')
    .action((stacks: readonly string[], flags: PreviewFlags) =>
      inCheckout(flags.folder, (checkout) => preview(checkout, stacks, flags)),
    );
}

async function preview(checkout: LocalCheckout, stacks: readonly string[], flags: PreviewFlags): Promise<void> {
  const { previewLocally } = await import('../../runner/local/preview-locally.ts');
  const { previewData, previewLines } = await import('../../runner/local/preview-text.ts');
  const state = findStateAddress();
  progress(`state: ${state.url} (${state.from})`);
  const shutdown = createShutdown(createLog({ level: 'error' }));
  const stop = endOnSignals(shutdown);
  const working = previewLocally(checkout, {
    stacks,
    base: flags.base,
    backendUrl: state.url,
    environment: process.env,
    signal: shutdown.signal,
    begun: (stack) => progress(`previewing ${stack}`),
    ended: (preview) => {
      if (!flags.json) print(false, undefined, () => [...previewLines(preview), '']);
    },
  });
  // Ctrl-C ends the previews; the temporary folders go with them.
  shutdown.add('previews', async () => void (await working.catch(() => {})));
  const previews = await working;
  stop();
  if (flags.json) print(true, previews.map(previewData), () => []);
  else if (previews.length === 0)
    console.log(`Affects no stack (compared with the base branch, in ${relative('.', checkout.root) || '.'}).`);
  if (previews.some(({ outcome }) => outcome?.result !== 'succeeded')) process.exitCode = 1;
}

async function inCheckout(folder: string, work: (checkout: LocalCheckout) => Promise<void>): Promise<void> {
  const { openLocalCheckout } = await import('../../runner/local/local-checkout.ts');
  const checkout = await openLocalCheckout(folder);
  try {
    await work(checkout);
  } finally {
    await checkout.close();
  }
}
