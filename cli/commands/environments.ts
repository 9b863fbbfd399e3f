import type { Command } from 'commander';
import { userError } from '../../foundation/errors.ts';
import type { ApiClient } from '../../runner/api/client.ts';
import { connect } from '../data-folder.ts';
import { type Acting, acting, type Saying, saying } from '../options.ts';
import { print } from '../output.ts';
import { environmentLines } from '../print.ts';

/** Commands about preview environments. */
export function addEnvironmentCommands(program: Command): void {
  saying(program.command('environments'))
    .description('preview environments: where each is, what its program gives out, and how long it lives')
    .argument('[change]', 'name or id; default: those of all changes')
    .action(async (name: string | undefined, { json }: Saying) => {
      const api = connect();
      const change = name === undefined ? undefined : await changeNamed(api, name);
      const found = await api.environments(change === undefined ? {} : { change });
      print(json, found, () => environmentLines(found));
    });
  acting(program.command('environment'))
    .description("make a change's preview environment, anew where there is one, and keep it longer; or destroy it")
    .argument('<up|down>', 'up: make it; down: destroy it')
    .argument('<change>', 'name or id')
    .option('--commit <commit>', "the head that you have read: a stranger's change needs it")
    .action(async (asked: string, name: string, { commit, as, json }: Acting & { readonly commit?: string }) => {
      if (asked !== 'up' && asked !== 'down')
        throw userError(`Cannot tell what to do with the environment as it is neither up nor down: ${asked}. Say one.`);
      const api = connect({ as });
      const id = await changeNamed(api, name);
      await api.askForEnvironment(id, { asked, ...(commit !== undefined && { commit }) });
      print(json, { did: `environment ${asked}`, id }, () => [
        `environment ${asked}: ${id}. See \`mainstay environments\`.`,
      ]);
    });
}

async function changeNamed(api: ApiClient, name: string): Promise<string> {
  const changes = await api.changes();
  const found = changes.filter((change) => change.id === name || change.name === name);
  if (found.length === 1) return found[0]!.id;
  throw userError(
    found.length === 0
      ? `Cannot find the change: ${name}. See \`mainstay changes\`.`
      : `Cannot tell which change is meant as several have the name: ${found.map(({ id }) => id).join(', ')}. Give its id.`,
  );
}
