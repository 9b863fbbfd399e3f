import { createHash } from 'node:crypto';
import { isAbsolute, join, relative } from 'node:path';
import { redactor } from '../../foundation/redact.ts';
import { readSettings } from '../core/settings.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { previewSettingsOf } from '../core/stack-order.ts';
import { MISTAKES_KEPT, type TypeCheck, type TypeMistake } from '../core/type-check.ts';
import type { Engine } from '../engines/engine.ts';
import { attempt } from './attempt.ts';
import { type ChangeAt, changeId } from './change-at.ts';
import { repositoryOf, type Services } from './services.ts';

/**
 * Checks the types of the programs of these stacks at the change's merge commit, as the base branch's settings want it, and keeps what came out with the
 * change. Undefined where there is nothing to check, or a newer push has taken over.
 */
export async function checkTypes(
  services: Services,
  at: ChangeAt,
  stacks: readonly string[],
): Promise<TypeCheck | undefined> {
  const change = await services.store.changes.get(changeId(at));
  if (change?.state !== 'open' || change.head !== at.head || change.base !== at.base || !change.merge) return undefined;
  const { mirror } = repositoryOf(services, at.repository);
  const settings = await readSettings(await mirror.tree(at.base));
  const engine = services.engines.get('embedded');
  if (settings.types === 'off' || !engine?.checkTypes) return undefined;
  const found = (await findStacks(await mirror.tree(change.merge))).filter(({ id }) => stacks.includes(id));
  const projects = [...new Map(found.map((stack) => [stack.project.file, stack])).values()];
  const checks: (readonly TypeMistake[] | undefined)[] = [];
  let problem: string | undefined;
  for (const stack of projects) {
    const limits = previewSettingsOf(settings, stack);
    const checked = await attempt(
      () => checkProject(services, { at, commit: change.merge!, stack, engine, limits }),
      services,
    );
    if (checked.ok) checks.push(checked.value);
    else problem ??= checked.error.message;
  }
  if (problem === undefined && checks.every((each) => each === undefined)) return undefined;
  const mistakes = checks.flatMap((each) => each ?? []);
  const check: TypeCheck = {
    ...{ commit: change.merge, count: mistakes.length, mistakes: mistakes.slice(0, MISTAKES_KEPT), problem },
    state: mistakes.length > 0 ? 'mistakes' : problem === undefined ? 'passed' : 'broken',
    blocks: settings.types === 'block',
  };
  await services.store.changes.set(change.id, { types: check });
  return check;
}

interface ProjectCheck {
  readonly at: ChangeAt;
  readonly commit: string;
  readonly stack: Stack;
  readonly engine: Engine;
  readonly limits: ReturnType<typeof previewSettingsOf>;
}

/** Checks of one project wait for each other: they share a folder. */
const lasts = new Map<string, Promise<unknown>>();

/**
 * In the same folder for every commit: the compiler remembers by path what did not change. Undefined where there is no tsconfig, and so nothing that says
 * what to check.
 */
function checkProject(services: Services, check: ProjectCheck): Promise<readonly TypeMistake[] | undefined> {
  const { at, stack } = check;
  const name = createHash('sha256').update(`${at.repository} ${stack.project.file}`).digest('hex').slice(0, 12);
  const folder = join(services.workFolder, `types-${name}`);
  const result = (lasts.get(folder) ?? Promise.resolve()).then(() => checkIn(services, folder, check));
  const settled = result
    .catch(() => {})
    .finally(() => {
      if (lasts.get(folder) === settled) lasts.delete(folder);
    });
  lasts.set(folder, settled);
  return result;
}

async function checkIn(
  services: Services,
  folder: string,
  { at, commit, stack, engine, limits }: ProjectCheck,
): Promise<readonly TypeMistake[] | undefined> {
  const { mirror } = repositoryOf(services, at.repository);
  const checkout = await mirror.checkout(commit, { folder, program: stack.project.main });
  try {
    const { time, memory, output } = limits;
    const problems = await engine.checkTypes!({
      ...{ repository: at.repository, stack: stack.id, stackName: stack.name, commit, signal: services.ending },
      ...{ folder: join(checkout.folder, stack.project.folder), limits: { time, memory, output } },
    });
    return problems?.map((each) => ({ ...each, ...placeIn(folder, each) }));
  } finally {
    await checkout.remove();
  }
}

/** What is in the repository by its path there; what is not, by its name: a path of ours says nothing to anybody. */
function placeIn(folder: string, { file, message }: TypeMistake): Pick<TypeMistake, 'file' | 'message'> {
  const inside = isAbsolute(file) ? relative(folder, file) : file;
  const shown = inside.startsWith('..') ? (inside.split('node_modules/').at(-1) ?? inside) : inside;
  return { file: shown, message: redactor.redact(message.replaceAll(`${folder}/`, '')) };
}
