import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { MainstayError, messageOf, userError } from '../../foundation/errors.ts';
import { nearestName } from '../../foundation/nearest-name.ts';
import { redactor } from '../../foundation/redact.ts';
import { type AffectedStack, findAffected } from '../core/affected-stacks.ts';
import { isFor, type PolicySettings } from '../core/policy-settings.ts';
import type { Outcome } from '../core/run.ts';
import { readSettings, type Settings } from '../core/settings.ts';
import type { SourceTree } from '../core/source-tree.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { managedStacks, settingsOf } from '../core/stack-order.ts';
import { createEngines, type Engines } from '../engines/create-engines.ts';
import type { EngineName, StackWork } from '../engines/engine.ts';
import { mergeCommits } from '../git/merge-commits.ts';
import { findBase, type LocalCheckout } from './local-checkout.ts';

/** One stack's preview, or why there is none. */
export interface LocalPreview {
  readonly stack: string;
  readonly reasons: readonly string[];
  readonly outcome: Outcome | undefined;
  readonly problem: string | undefined;
}

export interface LocalPreviewOptions {
  /** Names or ids; none: those that the difference to the base branch affects. */
  readonly stacks: readonly string[];
  /** The branch that the change goes to. Default: the remote's. */
  readonly base: string | undefined;
  /** Where state is. */
  readonly backendUrl: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Told of each stack as its preview begins. */
  begun(stack: string): void;
  /** Told of each preview as it ends. */
  ended(preview: LocalPreview): void;
}

/**
 * Previews what is in the folder now, committed or not, merged into the base branch: what a runner would preview for it, with the same digest.
 * Nothing is written but into temporary folders. Rejects with a user error for a conflict, an unknown stack or a broken settings file.
 */
export async function previewLocally(
  checkout: LocalCheckout,
  options: LocalPreviewOptions,
): Promise<readonly LocalPreview[]> {
  const base = await findBase(checkout, options.base);
  const commit = await mergedCommit(checkout, base);
  const [before, after] = await Promise.all([checkout.tree(base), checkout.tree(commit)]);
  const settings = await readSettings(before);
  const proposed = await readSettings(after);
  const policies = policiesIn(settings, proposed);
  const wanted = await wantedStacks({ before, after, settings }, options.stacks);
  if (wanted.length === 0) return [];
  const read = new EnvironmentReader(options.environment);
  const home = temporaryHome(read.text('PULUMI_HOME', join(homedir(), '.pulumi')));
  const files = await checkout.materialise(commit);
  const engines = await openEngines(options, { home, read, backendUrl: options.backendUrl });
  const empty = await openEngines(options, { home, read, backendUrl: `file://${home}` });
  try {
    return await Promise.all(
      wanted.map((affected) =>
        previewOne(affected, { engines, empty, settings, policies, folder: files.folder, options, read }),
      ),
    );
  } finally {
    await Promise.all([engines.close(), empty.close()]);
    files.remove();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Those of the base branch, and what the change makes of them: all are here as the change has them. */
function policiesIn(...settings: readonly Settings[]): readonly PolicySettings[] {
  const all = settings.flatMap(({ policies }) => policies);
  return [...new Map(all.map((pack) => [JSON.stringify(pack), pack])).values()];
}

async function mergedCommit(checkout: LocalCheckout, base: string): Promise<string> {
  const merge = await mergeCommits(checkout.git, base, await checkout.snapshot());
  if (merge.kind === 'merged') return merge.commit;
  throw userError(
    `Cannot preview what is here as it conflicts with the base branch in ${merge.files.join(', ')}. Merge the base branch and resolve that.`,
  );
}

async function wantedStacks(
  { before, after, settings }: { readonly before: SourceTree; readonly after: SourceTree; readonly settings: Settings },
  names: readonly string[],
): Promise<readonly AffectedStack[]> {
  // Which stack reads which is what a runner learns from runs; here it counts where the settings say so.
  const { affected } = await findAffected(before, after, { settings, upstreams: new Map() });
  if (names.length === 0) return affected;
  const stacks = managedStacks(settings, await findStacks(after));
  return names.map((name) => {
    const stack = findStack(stacks, name);
    return affected.find((candidate) => candidate.stack.id === stack.id) ?? { stack, reasons: [] };
  });
}

/** By id, or by name where only one project has it. Throws a user error. */
export function findStack(stacks: readonly Stack[], name: string): Stack {
  const found = stacks.filter((stack) => stack.id === name || stack.name === name);
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw userError(
      `Cannot tell which stack is meant as several have the name ${name}: ${found.map(({ id }) => id).join(', ')}. Give the id.`,
    );
  const near = nearestName(
    name,
    stacks.flatMap((stack) => [stack.id, stack.name]),
  );
  throw userError(
    `Cannot find the stack as there is none of that name: ${name}. ${near ? `Did you mean ${near}?` : `There are ${stacks.map(({ id }) => id).join(', ') || 'none'}.`}`,
  );
}

/** The person's plugins and login, without what a preview would write: the selected stack. */
function temporaryHome(own: string): string {
  const home = mkdtempSync(join(tmpdir(), 'mainstay-home-'));
  for (const name of ['plugins', 'credentials.json'])
    if (existsSync(join(own, name))) symlinkSync(join(own, name), join(home, name));
  return home;
}

function openEngines(
  options: LocalPreviewOptions,
  { home, read, backendUrl }: { readonly home: string; readonly read: EnvironmentReader; readonly backendUrl: string },
): Promise<Engines> {
  const passphrase = passphraseIn(read);
  if (passphrase) redactor.add(passphrase);
  return createEngines({
    settings: { backendUrl, pulumiHome: home, passphrase, passed: ['*'] },
    environment: options.environment,
    // Previews leave nothing behind that a later life has to end.
    processes: { add: async () => {}, remove: async () => {}, list: async () => [] },
    parallel: 64,
    wanted: wantedEngine(read),
  });
}

function passphraseIn(read: EnvironmentReader): string | undefined {
  const file = read.text('PULUMI_CONFIG_PASSPHRASE_FILE');
  const given = read.text('PULUMI_CONFIG_PASSPHRASE');
  if (given !== undefined || file === undefined) return given;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw userError(
      `Cannot read the passphrase as its file cannot be read: ${messageOf(error)}. Correct PULUMI_CONFIG_PASSPHRASE_FILE.`,
    );
  }
}

function wantedEngine(read: EnvironmentReader): EngineName | undefined {
  const name = read.oneOf('MAINSTAY_ENGINE', ['auto', 'embedded', 'official'], 'auto');
  return name === 'auto' ? undefined : name;
}

interface Place {
  readonly engines: Engines;
  /** Engines with no state at all, for stacks that there are none of yet: a preview makes none where states are kept. */
  readonly empty: Engines;
  readonly settings: Settings;
  readonly policies: readonly PolicySettings[];
  readonly folder: string;
  readonly options: LocalPreviewOptions;
  readonly read: EnvironmentReader;
}

async function previewOne({ stack, reasons }: AffectedStack, place: Place): Promise<LocalPreview> {
  const { options } = place;
  const about = { stack: stack.id, reasons: reasons.map(({ text }) => text) };
  options.begun(stack.id);
  const preview = await outcomeOf(stack, place).then(
    (outcome): LocalPreview => ({ ...about, outcome, problem: outcome.problem }),
    (error: unknown): LocalPreview => {
      if (!(error instanceof MainstayError)) throw error;
      return { ...about, outcome: undefined, problem: error.message };
    },
  );
  options.ended(preview);
  return preview;
}

async function outcomeOf(stack: Stack, place: Place): Promise<Outcome> {
  const { settings, policies, folder, options, read } = place;
  const chosen = settingsOf(settings, stack).engine ?? wantedEngine(read);
  const name = chosen ?? (place.engines.byName.has('official') ? 'official' : 'embedded');
  const engine = place.engines.byName.get(name);
  if (!engine)
    throw userError(
      `Cannot preview ${stack.id} as its engine is not on this machine: ${name}. Install the pulumi CLI on your PATH.`,
    );
  const work: StackWork = {
    repository: 'local',
    stack: stack.id,
    stackName: stack.name,
    folder: join(folder, stack.project.folder),
    signal: options.signal,
    policies: policies
      .filter((pack) => isFor(pack, stack.id))
      .map((pack) => ({ folder: join(folder, pack.folder), config: pack.config ?? {} })),
  };
  return ((await engine.exists(work)) ? engine : place.empty.byName.get(name)!).preview(work);
}
