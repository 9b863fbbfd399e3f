import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import { isFor, type PolicySettings } from '../core/policy-settings.ts';
import { short } from '../core/report-text.ts';
import type { RunKind } from '../core/run.ts';
import { readSettings } from '../core/settings.ts';
import type { SourceTree } from '../core/source-tree.ts';
import type { PolicyPack } from '../engines/engine.ts';
import { repositoryOf, type Services } from './services.ts';
import { SharedCheckouts } from './shared-checkouts.ts';

/** Whose policies an operation has to come through. */
export interface PoliciesOf {
  readonly repository: string;
  /** The stack's id. */
  readonly stack: string;
  readonly kind: RunKind;
  /** What is run. */
  readonly commit: string;
  /** The commit of the base branch that grants power, where it is not the same. */
  readonly base: string;
}

/** A pack of a repository at one of its commits. */
interface PackAt extends Pick<PolicySettings, 'folder' | 'config'> {
  readonly commit: string;
}

const shared = new WeakMap<Services, SharedCheckouts>();

/**
 * Does `work` with the policy packs that a stack has to come through: those of the runner's own file, and those of the repository as the base branch has
 * them. What a commit changes in its packs counts too, so that it is tried on itself; it never counts instead. What puts back or looks needs none.
 */
export async function withPolicyPacks<T>(
  services: Services,
  of: PoliciesOf,
  work: (packs: readonly PolicyPack[]) => Promise<T>,
): Promise<T> {
  if (of.kind === 'drift' || of.kind === 'correction' || of.kind === 'removal') return work([]);
  const own = (services.policiesOf?.(of.repository) ?? []).filter((pack) => isFor(pack, of.stack));
  const known = own.map(({ folder, config = {} }) => ({ folder, config }));
  return withEach(services, of, { packs: await packsAt(services, of), opened: known, work });
}

async function packsAt(
  services: Services,
  { repository, stack, commit, base }: PoliciesOf,
): Promise<readonly PackAt[]> {
  const { mirror } = repositoryOf(services, repository);
  const read = async (at: string) => {
    const tree = await mirror.tree(at);
    const packs = (await readSettings(tree)).policies.filter((pack) => isFor(pack, stack));
    return packs.map(({ folder, config }) => ({ folder, config, commit: at, files: filesBelow(tree, folder, at) }));
  };
  const granting = await read(base);
  if (commit === base) return granting;
  const same = (one: { config: unknown; files: string }) => JSON.stringify([one.config, one.files]);
  const before = new Set(granting.map(same));
  // A commit that removes a pack it names is refused where that is the base branch's.
  return [...granting, ...(await read(commit)).filter((pack) => !before.has(same(pack)))];
}

/** What stands in a folder, by name and content. */
function filesBelow(tree: SourceTree, folder: string, commit: string): string {
  const files = [...tree.files].filter(([path]) => path.startsWith(`${folder}/`));
  if (tree.files.has(`${folder}/PulumiPolicy.yaml`)) return JSON.stringify(files);
  throw userError(
    `Cannot apply the policies as commit ${short(commit)} has no ${folder}/PulumiPolicy.yaml. Correct policies in mainstay.yaml.`,
  );
}

/** The checkouts of packs are only read: many stacks look at one. */
async function withEach<T>(
  services: Services,
  of: PoliciesOf,
  {
    packs: [first, ...rest],
    opened,
    work,
  }: {
    readonly packs: readonly PackAt[];
    readonly opened: readonly PolicyPack[];
    readonly work: (packs: readonly PolicyPack[]) => Promise<T>;
  },
): Promise<T> {
  if (!first) return work(opened);
  const checkouts = shared.get(services) ?? new SharedCheckouts();
  shared.set(services, checkouts);
  const { mirror } = repositoryOf(services, of.repository);
  const place = join(services.workFolder, `policies-${first.commit.slice(0, 12)}-${randomBytes(3).toString('hex')}`);
  return checkouts.use(
    `${of.repository} ${first.commit} ${first.folder}`,
    () => mirror.checkout(first.commit, { folder: place, program: first.folder }),
    ({ folder }) => {
      const pack = { folder: join(folder, first.folder), config: first.config ?? {} };
      return withEach(services, of, { packs: rest, opened: [...opened, pack], work });
    },
  );
}
