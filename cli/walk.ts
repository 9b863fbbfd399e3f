import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseDocument } from 'yaml';
import { MainstayError } from '../foundation/errors.ts';
import type { ApiClient } from '../runner/api/client.ts';
import type { ChangeResponse, RolloutResponse } from '../runner/api/responses.ts';
import { commit, git, inClone } from './demo-repository.ts';
import { atSandboxDesk } from './sandbox-desk.ts';

/** The branch of the first change. Once it has been pushed, the walk is not made again. */
const BRANCH = 'more-replicas';
const STACK_FILE = 'stacks/Pulumi.dev.yaml';
const DRIFTING = { repository: 'estate', stack: 'mainstay/dev' };
const EACH_WITHIN_MS = 900_000;

export interface WalkOptions {
  readonly repository: string;
  readonly api: ApiClient;
  /** One line for the user. */
  readonly say: (line: string) => void;
}

/** Walks one change through: branch, preview, merge, dev; its image promoted to staging; then drift, found and put back. Does what is left of it where it was interrupted. */
export async function walkFirstChange({ repository, api, say }: WalkOptions): Promise<void> {
  const begun = await settled(api, { repository, say });
  const state = await stateOf(repository);
  if (state === 'none' && begun.state !== 'succeeded') return endHere(api, say);
  if (state === 'none') await pushChange(repository, say);
  if (state !== 'merged' && !(await previewAndMerge({ repository, api, say }, BRANCH))) return endHere(api, say);
  const promotions = await api.promotions({ repository: DRIFTING.repository });
  if (promotions.length === 0 && !(await promote({ repository, api, say }))) return endHere(api, say);
  if ((await api.runs({ ...DRIFTING, kind: 'correction', limit: 1 })).length === 0) await driftAndBack(api, say);
}

/** Nothing that comes after a failure would show anything: why it failed is said, and where to look. The runner stays up. */
async function endHere(api: ApiClient, say: WalkOptions['say']): Promise<void> {
  const [failed] = await api.runs({ repository: DRIFTING.repository, state: 'failed', limit: 1 });
  if (!failed) return say('the walk ends here, as something waits for you: the console says what');
  const { problem, diagnostics } = await api.run(failed.id);
  const said = [problem, ...diagnostics.map(({ message }) => message)].filter((text) => text !== undefined);
  for (const line of said
    .join('\n')
    .split('\n')
    .filter((text) => text.trim() !== '')
    .slice(0, 5))
    say(`  ${line.trim()}`);
  say(
    `the walk ends here, as the ${failed.kind} of ${failed.stack} failed: \`npx mainstay logs ${failed.id}\` says more`,
  );
}

/** Waits for the preview of a branch, merges it, and waits until what it changes has been updated. False where one of them fails. */
async function previewAndMerge({ repository, api, say }: WalkOptions, branch: string): Promise<boolean> {
  const change = await until(() => previewed(api, branch), `the preview of ${branch}`);
  say(`preview: ${change.verdict}`);
  for (const run of change.runs)
    say(`  ${run.stack}: ${run.summary}, digest ${run.digest}, as ${run.reasons.join('; ')}`);
  if (change.runs.some(({ state }) => state !== 'succeeded')) return false;
  say(`merging: git merge ${branch}, git push`);
  await inClone(repository, async (clone) => {
    await git(clone, 'merge', '--quiet', '--no-ff', '--message', `Merge ${branch}`, `origin/${branch}`);
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  });
  return (await settled(api, { repository, say })).state === 'succeeded';
}

/** What dev runs is written into staging's file, as the rule in mainstay.yaml says. False where that fails. */
async function promote({ repository, api, say }: WalkOptions): Promise<boolean> {
  const { id } = await api.promote({ repository: DRIFTING.repository, name: 'shop', from: 'dev', to: 'staging' });
  const written = await until(async () => {
    const found = (await api.promotions({ repository: DRIFTING.repository })).find((candidate) => candidate.id === id);
    return found?.state === 'queued' ? undefined : found;
  }, 'the promotion of shop');
  say(`promotion of shop, dev → staging: ${written.summary}`);
  return written.change === undefined || previewAndMerge({ repository, api, say }, written.change);
}

/** What somebody with the cloud's own console would have done: the sandbox is told to. */
async function driftAndBack(api: ApiClient, say: WalkOptions['say']): Promise<void> {
  const { repository, stack } = DRIFTING;
  const before = (await api.drift({ repository })).find((drift) => drift.stack === stack)?.lookedAt;
  await atSandboxDesk(stack, ['set', '*Deployment*', 'spec.replicas', '7']);
  say(`somebody scales a Deployment of ${stack} to 7 replicas, past Git`);
  await api.look({ repository, stack });
  const found = await until(async () => {
    const drift = (await api.drift({ repository })).find((candidate) => candidate.stack === stack);
    return drift?.lookedAt !== before && drift?.state !== 'unknown' ? drift : undefined;
  }, `the look at ${stack}`);
  say(`drift: ${found.summary}`);
  await api.look({ repository, stack, correct: true });
  const corrected = await until(async () => {
    const [run] = await api.runs({ repository, stack, kind: 'correction', limit: 1 });
    return run?.endedAt === undefined ? undefined : run;
  }, `the correction of ${stack}`);
  say(`put back as main says: ${corrected.summary}`);
}

async function stateOf(repository: string): Promise<'none' | 'pushed' | 'merged'> {
  const branches = await git(repository, 'for-each-ref', '--format=%(refname:short)', 'refs/heads');
  if (!branches.split('\n').includes(BRANCH)) return 'none';
  const merged = await git(repository, 'for-each-ref', '--merged=main', '--format=%(refname:short)', 'refs/heads');
  return merged.split('\n').includes(BRANCH) ? 'merged' : 'pushed';
}

async function pushChange(repository: string, say: WalkOptions['say']): Promise<void> {
  await inClone(repository, async (clone) => {
    const file = join(clone, STACK_FILE);
    const { text, line } = withMoreReplicas(readFileSync(file, 'utf8'));
    writeFileSync(file, text);
    await git(clone, 'checkout', '--quiet', '-b', BRANCH);
    await commit(clone, line);
    say(`a change: ${line}; git push origin ${BRANCH}`);
    await git(clone, 'push', '--quiet', 'origin', BRANCH);
  });
}

/** Adds one replica to the first application of the stack, and gives it a newer image. Everything else of the file stays as it is. */
function withMoreReplicas(text: string): { readonly text: string; readonly line: string } {
  const document = parseDocument(text);
  const applications = document.toJS().config['mainstay:applications'] as Record<
    string,
    { replicas?: number; image?: string }
  >;
  const name = Object.keys(applications)[0];
  if (name === undefined)
    throw new MainstayError(
      'user',
      `Cannot make the first change as ${STACK_FILE} has no application. Add one and start again.`,
    );
  const replicas = (applications[name]?.replicas ?? 1) + 1;
  const image = applications[name]?.image?.replace(/:1\.4\.2$/, ':1.5.0');
  document.setIn(['config', 'mainstay:applications', name, 'replicas'], replicas);
  if (image !== undefined) document.setIn(['config', 'mainstay:applications', name, 'image'], image);
  return { text: document.toString({ lineWidth: 0 }), line: `${name} gets ${replicas} replicas and ${image} in dev` };
}

async function previewed(api: ApiClient, branch: string): Promise<ChangeResponse | undefined> {
  const change = (await api.changes()).find(({ name }) => name === branch);
  if (change?.problem) throw new MainstayError('user', `Cannot preview ${branch} as ${change.problem}`);
  const done = change && change.runs.length > 0 && change.runs.every(({ endedAt }) => endedAt !== undefined);
  return done ? change : undefined;
}

/** Waits until the head of main has been rolled out, or waits for somebody; says each update as it ends. */
async function settled(
  api: ApiClient,
  { repository, say }: Pick<WalkOptions, 'repository' | 'say'>,
): Promise<RolloutResponse> {
  const head = await git(repository, 'rev-parse', 'main');
  const said = new Set<string>();
  const rollout = await until(
    async () => {
      const found = (await api.rollouts()).find(({ commit: at }) => at === head);
      if (!found) return undefined;
      await sayUpdates(api, found, { said, say });
      // What waits for a clock goes on by itself.
      const stands = found.state === 'waiting' && found.waits?.until === undefined;
      return found.endedAt !== undefined || stands ? found : undefined;
    },
    `the rollout of ${head.slice(0, 8)}`,
  );
  if (rollout.stages.length > 0 || rollout.state !== 'succeeded')
    say(`rollout of ${head.slice(0, 8)}: ${rollout.state}, ${rollout.summary}`);
  return rollout;
}

async function sayUpdates(
  api: ApiClient,
  rollout: RolloutResponse,
  { said, say }: { readonly said: Set<string>; readonly say: WalkOptions['say'] },
): Promise<void> {
  for (const run of (await api.runs({ rollout: rollout.id, kind: 'update', limit: 1000 })).toReversed()) {
    if (run.startedAt === undefined || said.has(run.id)) continue;
    if (run.endedAt === undefined) {
      if (!said.has(`begun ${run.id}`)) say(`updating ${run.stack}`);
      said.add(`begun ${run.id}`);
      continue;
    }
    said.add(run.id);
    const seconds = ((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000).toFixed(2);
    say(`update of ${run.stack} ${run.state} in ${seconds} s: ${run.summary}`);
  }
}

/** Asks until there is an answer. A runner that restarts meanwhile is asked again. */
async function until<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  const deadline = performance.now() + EACH_WITHIN_MS;
  for (;;) {
    const answer = await ask().catch((error: unknown) => {
      if (error instanceof MainstayError && error.kind === 'transient') return undefined;
      throw error;
    });
    if (answer !== undefined) return answer;
    if (performance.now() > deadline)
      throw new MainstayError(
        'transient',
        `Cannot wait for ${what} any longer: ${EACH_WITHIN_MS / 1000} s. Look at \`mainstay status\`.`,
      );
    await delay(50);
  }
}
