import { messageOf } from '../../foundation/errors.ts';
import { templatesOf } from '../core/environment-templates.ts';
import { isNameOf } from '../core/environment-texts.ts';
import type { PreviewEnvironment } from '../core/preview-environment.ts';
import type { Settings } from '../core/settings.ts';
import { stacksOfBase } from './environment-facts.ts';
import { changeOfMark } from './keep-environment.ts';
import { repositoryOf, type Services } from './services.ts';
import { type OpenEnvironment, withEnvironment } from './with-environment.ts';

/**
 * Looks through the states for preview environments that the database knows nothing of: after its loss, all. Each says itself of which change it is, and
 * is looked after from then on.
 */
export async function findEnvironments(services: Services, repository: string, settings: Settings): Promise<void> {
  const { store, clock } = services;
  const stacks = await stacksOfBase(services, repository);
  const own = new Set(stacks.map(({ id }) => id));
  const known = new Set((await store.environments.list({ repository })).map(({ stack }) => stack));
  for (const template of templatesOf(settings, stacks)) {
    const found = await inStates(
      services,
      { repository, template: template.stack, settings: template.settings },
      (name) => {
        const id = `${template.project}/${name}`;
        return isNameOf(template.settings.name, name) && !own.has(id) && !known.has(id);
      },
    );
    for (const { name, change, commit } of found) {
      const stack = `${template.project}/${name}`;
      const at = new Date(clock.now());
      const environment: PreviewEnvironment = {
        ...{ repository, stack, template: template.stack, change, state: 'ready', summary: 'was found in the states' },
        ...{
          commit,
          settings: template.settings,
          run: undefined,
          turns: 0,
          claimed: true,
          outputs: {},
          sandbox: false,
        },
        ...{
          unclear: false,
          failures: 0,
          againAt: undefined,
          expiresAt: undefined,
          turnedAt: undefined,
          updatedAt: at,
        },
      };
      await store.environments.put(environment);
      // Whoever asked for it is forgotten; that somebody did is not.
      if (template.settings.for === 'asked')
        await store.environments.ask({ change, repository, askedAt: at, by: 'mainstay', asked: 'up', head: '' });
      const text = `preview environment ${stack} of ${change} was found in the states`;
      services.tell(text);
      const key = `found ${stack} ${commit}`;
      await store.audit.add({ kind: 'recovery', repository, subject: stack, by: 'mainstay', text, key });
    }
  }
}

interface Found {
  readonly name: string;
  readonly change: string;
  readonly commit: string;
}

async function inStates(
  services: Services,
  {
    repository,
    template,
    settings,
  }: Pick<Parameters<typeof withEnvironment>[1], 'repository' | 'template' | 'settings'>,
  isWanted: (name: string) => boolean,
): Promise<readonly Found[]> {
  const commit = (await services.store.events.heads(repository)).get(repositoryOf(services, repository).base)!.commit;
  const project = template.slice(0, template.lastIndexOf('/'));
  // Any name serves to ask which others there are.
  const at = { repository, stack: `${project}/mainstay-asks`, template, settings, change: 'x', head: commit, commit };
  const run = { id: `find-${project}`, kind: 'removal' as const };
  return withEnvironment(services, at, { run, signal: services.ending }, async ({ engine, work }: OpenEnvironment) => {
    const found: Found[] = [];
    for (const name of (await engine.stackNames(work)).filter(isWanted)) {
      const place = { ...work, stackName: name, stack: `${project}/${name}` };
      const whose = changeOfMark((await engine.markOf(place).catch(unreadable(services, name))) ?? '');
      if (whose?.change.startsWith(`${repository}/`)) found.push({ name, ...whose });
    }
    return found;
  });
}

/** One state that cannot be read keeps no other one from being found. */
function unreadable({ log }: Services, name: string): (error: unknown) => undefined {
  return (error) =>
    void log.warn(
      { stack: name, error: messageOf(error) },
      'cannot find out whether a state is of a preview environment',
    );
}
