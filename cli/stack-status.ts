import { userError } from '../foundation/errors.ts';
import { nearestName } from '../foundation/nearest-name.ts';
import type { RepositoryStatus, StackStatus, StatusResponse } from '../runner/api/responses.ts';

/** A stack by its id, or by its name where only one project has it. Throws a user error that names what there is. */
export function findStackStatus(
  { repositories }: StatusResponse,
  name: string,
  what = 'stack',
): { readonly stack: StackStatus; readonly repository: RepositoryStatus } {
  const all = repositories.flatMap((repository) => repository.stacks.map((stack) => ({ stack, repository })));
  const found = all.filter(({ stack }) => stack.id === name || shortName(stack) === name);
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw userError(
      `Cannot tell which stack is meant as several have the name ${name}: ${found.map(({ stack }) => stack.id).join(', ')}. Give the id.`,
    );
  const near = nearestName(
    name,
    all.flatMap(({ stack }) => [stack.id, shortName(stack)]),
  );
  const there = all.map(({ stack }) => stack.id).slice(0, 20);
  throw userError(
    `Cannot find it as there is no ${what} of that name: ${name}. ${near ? `Did you mean ${near}?` : `Stacks: ${there.join(', ') || 'none'}.`}`,
  );
}

function shortName({ id }: StackStatus): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
