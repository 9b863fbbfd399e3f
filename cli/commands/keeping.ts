import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { userError } from '../../foundation/errors.ts';
import type { ApiClient } from '../../runner/api/client.ts';
import type { DriftResponse, PromotionResponse } from '../../runner/api/responses.ts';
import { connect } from '../data-folder.ts';
import { type Acting, acting, type Saying } from '../options.ts';
import { print, progress } from '../output.ts';
import { driftLines } from '../print.ts';
import { atSandboxDesk } from '../sandbox-desk.ts';
import { findStackStatus } from '../stack-status.ts';

/** What a look is waited for: a stack of thousands of resources takes a minute. */
const LOOK_WITHIN_MS = 10 * 60_000;

/** What `drift` ends with where something differs. */
const DRIFTED = 3;

/** Commands that keep stacks as main says: drift, locks, rollback, promotion. */
export function addKeepingCommands(program: Command): void {
  addDrift(program);
  addUnlock(program);
  addRollback(program);
  addPromote(program);
  addSandbox(program);
}

interface DriftOptions extends Acting {
  readonly now?: boolean;
  readonly correct?: boolean;
}

function addDrift(program: Command): void {
  acting(program.command('drift'))
    .description(`what was changed behind a stack's back; exits with ${DRIFTED} where something was`)
    .argument('[stack]', 'name or id; without: all')
    .option('--now', 'look now, and wait for what is found')
    .option('--correct', 'look now and put back what differs, where that deletes and replaces nothing')
    .action(async (name: string | undefined, options: DriftOptions) => {
      const api = connect({ as: options.as });
      const found = name === undefined ? await api.drift() : [await driftOf(api, name, options)];
      if (name === undefined && (options.now || options.correct))
        throw userError(
          'Cannot look at all stacks at once as that is a lot of work: name one. All are looked at by their schedule.',
        );
      print(options.json, found, () => driftLines(found));
      if (found.some(({ state }) => state === 'drifted' || state === 'flapping')) process.exitCode = DRIFTED;
    });
}

async function driftOf(api: ApiClient, name: string, { now, correct }: DriftOptions): Promise<DriftResponse> {
  const { stack, repository } = findStackStatus(await api.status(), name);
  const known = async () => (await api.drift({ repository: repository.id })).find((drift) => drift.stack === stack.id);
  const before = await known();
  if (now || correct) {
    await api.look({ repository: repository.id, stack: stack.id, correct });
    progress(`looking at ${stack.id}`);
    return untilLooked(known, before?.lookedAt);
  }
  if (before) return before;
  throw userError(`Cannot say what has drifted as nobody has looked at ${stack.id} yet. Look with --now.`);
}

async function untilLooked(
  known: () => Promise<DriftResponse | undefined>,
  before: string | undefined,
): Promise<DriftResponse> {
  const deadline = performance.now() + LOOK_WITHIN_MS;
  while (performance.now() < deadline) {
    const drift = await known();
    if (drift?.lookedAt !== undefined && drift.lookedAt !== before) return drift;
    await delay(100);
  }
  throw userError('Cannot wait for the look any longer: ten minutes. See `mainstay runs --kind drift`.');
}

function addUnlock(program: Command): void {
  acting(program.command('unlock'))
    .description("clear what an interrupted update of a stack left: processes and our own lock, never somebody else's")
    .argument('<stack>', 'name or id')
    .action(async (name: string, { as, json }: Acting) => {
      const api = connect({ as });
      const { stack, repository } = findStackStatus(await api.status(), name);
      const unlocked = await api.unlock({ repository: repository.id, stack: stack.id });
      print(json, { stack: stack.id, ...unlocked }, () => [`unlock ${stack.id}: ${unlocked.done}`]);
    });
}

function addRollback(program: Command): void {
  acting(program.command('rollback'))
    .description('open the change that takes a stack back to a commit; merging it is the rollback')
    .argument('<stack>', 'name or id')
    .requiredOption('--to <commit>', 'the commit that the stack is to be as at again')
    .requiredOption('--reason <text>', 'why')
    .action(async (name: string, { to, reason, as, json }: RollbackOptions) => {
      const api = connect({ as });
      const { stack, repository } = findStackStatus(await api.status(), name);
      const offered = await api.rollBack({ repository: repository.id, stack: stack.id, to, reason });
      print(json, offered, () => [`opened ${offered.change}: look at its preview, then merge it`]);
    });
}

interface RollbackOptions extends Acting {
  readonly to: string;
  readonly reason: string;
}

function addPromote(program: Command): void {
  acting(program.command('promote'))
    .description(
      "write a version that one stack runs into the next one's file: `mainstay promote shop dev→staging`; or one that is built elsewhere into the first one's: `mainstay promote shop 1.7.0→dev`",
    )
    .argument('<name>', 'a rule of `promotions` in mainstay.yaml: web, or app=web')
    .argument(
      '<from→to>',
      "names of stacks, or a tag of the promotion's image and the first stack, with → or -> between them",
    )
    .option('--repository <id>', 'where there are several')
    .action(async (name: string, way: string, { repository, as, json }: Acting & { readonly repository?: string }) => {
      const [from, to, ...more] = way.split(/→|->/).map((part) => part.trim());
      if (!from || !to || more.length > 0)
        throw userError(`Cannot promote as the way is not from→to: ${way}. Write it as in dev→staging.`);
      const api = connect({ as });
      const ids = (await api.status()).repositories.map(({ id }) => id);
      const id = repository ?? (ids.length === 1 ? ids[0] : undefined);
      if (id === undefined)
        throw userError(
          `Cannot tell which repository is meant as there are several: ${ids.join(', ')}. Name one with --repository.`,
        );
      const promotion = await untilWritten(api, await api.promote({ repository: id, name, from, to }));
      print(json, promotion, () => [
        `${promotion.name} ${promotion.from} → ${promotion.to}: ${promotion.state}${promotion.summary ? `, ${promotion.summary}` : ''}`,
      ]);
      if (promotion.state === 'failed') process.exitCode = 1;
    });
}

async function untilWritten(api: ApiClient, asked: PromotionResponse): Promise<PromotionResponse> {
  const deadline = performance.now() + 60_000;
  for (let promotion = asked; ; await delay(100)) {
    if (promotion.state !== 'queued' || performance.now() > deadline) return promotion;
    promotion = (await api.promotions({ repository: asked.repository })).find(({ id }) => id === asked.id) ?? promotion;
  }
}

function addSandbox(program: Command): void {
  program
    .command('sandbox')
    .description("change a sandbox behind its stack's back, as somebody with a cloud's own console would")
    .argument('<stack>', 'its id, project/stack')
    .argument('<list|set|remove...>', 'list; set PATTERN PATH VALUE; remove PATTERN')
    .addHelpText('after', "\nAs in: mainstay sandbox mainstay/dev set '*Deployment*shop' spec.replicas 5")
    .option('--json', 'print JSON')
    .action(async (stack: string, args: readonly string[], { json }: Saying) => {
      const said = (await atSandboxDesk(stack, args)).split('\n');
      print(json, { stack, said }, () => said);
    });
}
