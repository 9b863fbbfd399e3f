import { realpath, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { MainstayError, userError } from '../../foundation/errors.ts';
import { environmentFile } from '../core/environment-file.ts';
import { filledIn } from '../core/environment-texts.ts';
import type { PreviewEnvironment } from '../core/preview-environment.ts';
import type { PreviewEnvironmentSettings } from '../core/preview-environment-settings.ts';
import { short } from '../core/report-text.ts';
import type { Run } from '../core/run.ts';
import { readSettings } from '../core/settings.ts';
import { joinPath } from '../core/source-tree.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { settingsOf } from '../core/stack-order.ts';
import type { Engine, StackWork } from '../engines/engine.ts';
import { recordRun } from './record-run.ts';
import { repositoryOf, type Services } from './services.ts';
import { checkOut, engineOf } from './with-checkout.ts';
import { withPolicyPacks } from './with-policy-packs.ts';

/** An environment's stack at a commit, ready for an engine. */
export interface OpenEnvironment {
  readonly engine: Engine;
  readonly work: StackWork;
}

/** Which environment, at which commit, with which of the base branch's settings. */
export interface EnvironmentAt extends Pick<PreviewEnvironment, 'repository' | 'stack' | 'template'> {
  /** Name of the change. */
  readonly change: string;
  readonly head: string;
  readonly commit: string;
  readonly settings: PreviewEnvironmentSettings;
}

/**
 * Checks the commit out in a folder of its own, writes the environment's stack file there, does `work` and removes it. What may be seen is what `settings`
 * say and nothing else: never what updates or previews may see.
 */
export async function withEnvironment<T>(
  services: Services,
  at: EnvironmentAt,
  { run, signal }: { readonly run: Pick<Run, 'id' | 'kind'>; readonly signal: AbortSignal },
  work: (open: OpenEnvironment) => Promise<T>,
): Promise<T> {
  const { repository, stack: id, commit } = at;
  const tree = await repositoryOf(services, repository).mirror.tree(commit);
  const stacks = await findStacks(tree);
  const template = stacks.find((each) => each.id === at.template);
  if (!template)
    throw userError(
      `Cannot make a preview environment of ${at.template} as commit ${short(commit)} has no such stack. Add its file back, or correct previewEnvironments in mainstay.yaml.`,
    );
  if (stacks.some((each) => each.id === id))
    throw userError(
      `Cannot make the preview environment ${id} as commit ${short(commit)} has a stack of that name. Remove its file.`,
    );
  const stackName = id.slice(template.project.name.length + 1);
  const engine = engineOf(services, settingsOf(await readSettings(tree), template).engine ?? services.defaultEngine);
  const text = environmentFile({ file: template.file, text: await tree.read(template.file) }, configOf(at, stackName));
  const checkout = await checkOut(services, { ...run, repository, stack: id, commit, change: undefined }, template);
  const witness = recordRun(run.id, { runs: services.store.runs, log: services.log });
  try {
    await writeStackFile(checkout.folder, template, { stackName, text });
    const place = { repository, stack: id, stackName, folder: join(checkout.folder, template.project.folder), commit };
    const open = { ...place, ...accessOf(at.settings, run), signal, witness };
    if (run.kind === 'removal') return await work({ engine, work: open });
    // It is a copy of the template, and has to come through what that has to.
    const of = { repository, stack: template.id, kind: run.kind, commit, base: await baseOf(services, at) };
    return await withPolicyPacks(services, of, (policies) => work({ engine, work: { ...open, policies } }));
  } finally {
    await witness.close();
    await checkout.remove();
  }
}

/** The commit of the base branch that the change was merged into last. */
async function baseOf(
  { store, ...services }: Services,
  { repository, change, commit }: EnvironmentAt,
): Promise<string> {
  const known = await store.changes.get(`${repository}/${change}`);
  const head = (await store.events.heads(repository)).get(services.repositories.get(repository)?.base ?? '');
  return known?.base ?? (head?.commit || commit);
}

function configOf({ settings, change, head }: EnvironmentAt, stack: string): Readonly<Record<string, unknown>> {
  const filled = filledIn(settings.config, { change, stack, commit: short(head) });
  return filled as Readonly<Record<string, unknown>>;
}

/** Where nothing is said nothing is seen. Nothing of the program runs when it is destroyed: that may take as long as it takes. */
function accessOf(
  settings: PreviewEnvironmentSettings,
  { kind }: Pick<Run, 'kind'>,
): Pick<StackWork, 'access' | 'limits'> {
  const { credentials, environment = [], time, memory, output } = settings;
  const access = { credentials, environment };
  if (kind === 'removal') return { access };
  return { access, limits: { time, memory, output, setBy: 'previewEnvironments' } };
}

/** Never through a link that leads out of the checkout. */
async function writeStackFile(
  folder: string,
  { project }: Stack,
  { stackName, text }: { readonly stackName: string; readonly text: string },
): Promise<void> {
  const place = joinPath(project.stackFolder, `Pulumi.${stackName}.yaml`)!;
  const [root, target] = await Promise.all([realpath(folder), realpath(join(folder, project.stackFolder))]);
  if (target !== root && !target.startsWith(root + sep))
    throw new MainstayError(
      'user',
      `Cannot write ${place} as its folder is a link out of the repository. Make it a folder.`,
    );
  await writeFile(join(folder, place), text, { flag: 'wx', mode: 0o600 });
}
