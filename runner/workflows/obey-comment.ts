import { DBOS } from '@dbos-inc/dbos-sdk';
import { isMainstayError, userError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import type { Change } from '../core/change.ts';
import { type COMMANDS, type Command, commandIn, helpText } from '../core/commands.ts';
import type { Reaction } from '../core/forge.ts';
import { short } from '../core/report-text.ts';
import type { CommentMade } from '../core/repository-event.ts';
import type { DecisionKind, Rollout } from '../core/rollout.ts';
import type { Run, RunState } from '../core/run.ts';
import { askForEnvironment } from './ask-for-environment.ts';
import { type Attempt, attempt } from './attempt.ts';
import { attemptId } from './attempt-id.ts';
import { type ChangeAt, changeId } from './change-at.ts';
import { judgeRolloutDecision, judgeRunDecision } from './judge-decision.ts';
import { mayWrite } from './judge-stranger.ts';
import { endedThen, knownThen, refuseOld, refuseUnseen } from './late-comment.ts';
import { queueAgain } from './roll-out.ts';
import { repositoryOf, type Services } from './services.ts';
import type { Unlock } from './unlock-stack.ts';
import { type StackToUnlock, stacksToUnlock, unlockStacks } from './unlock-stacks.ts';

/** Found again by this: answers take one comment, however many commands there are. */
const ANSWER_MARKER = '<!-- mainstay:answer -->';

export interface CommandWorkflows {
  previewChange(at: ChangeAt): Promise<unknown>;
  previewStack(id: string): Promise<RunState>;
  readonly unlock: Unlock;
}

/** What a workflow has to do outside of steps, as plain data. */
type Deed =
  | { readonly kind: 'preview-change'; readonly at: ChangeAt }
  | { readonly kind: 'preview-run'; readonly run: string; readonly attempt: number }
  | { readonly kind: 'cancel'; readonly workflow: string }
  | { readonly kind: 'unlock'; readonly stacks: readonly StackToUnlock[] }
  | {
      readonly kind: 'decide';
      readonly to: string;
      readonly decision: DecisionKind;
      readonly reason: string | undefined;
    };

interface Plan {
  readonly deeds: readonly Deed[];
  /** What is said to whoever asked; undefined where the emoji says it all. */
  readonly answer: string | undefined;
}

/** A command in the words of who gave it. */
interface Order {
  readonly event: CommentMade;
  readonly command: Command;
  readonly change: Change;
}

/**
 * The workflow of a comment: if it is a command of somebody who may write, it is done, and an emoji on the comment is the receipt. Who may not is
 * answered by an emoji alone: strangers can make us write nothing.
 */
export async function obeyComment(services: Services, event: CommentMade, workflows: CommandWorkflows): Promise<void> {
  const command = commandIn(event.text);
  if (!command) return;
  const plan = await DBOS.runStep(() => attempt(() => judge(services, event, command), services), { name: 'command' });
  if (!plan.ok || plan.value === undefined) {
    await DBOS.runStep(
      () => receipt(services, event, { reaction: 'refused', answer: plan.ok ? undefined : plan.error.message }),
      {
        name: 'refused',
      },
    );
    return;
  }
  let { answer } = plan.value;
  for (const deed of plan.value.deeds) answer = (await carryOut(deed, { event, workflows })) ?? answer;
  await DBOS.runStep(() => receipt(services, event, { reaction: 'done', answer }), { name: 'done' });
}

/** Returns what came of it, where that is to be said. */
async function carryOut(
  deed: Deed,
  { event, workflows }: { readonly event: CommentMade; readonly workflows: CommandWorkflows },
): Promise<string | undefined> {
  switch (deed.kind) {
    case 'preview-change':
      await DBOS.startWorkflow(workflows.previewChange, { workflowID: `preview:${event.id}` })(deed.at);
      return undefined;
    case 'preview-run':
      await DBOS.startWorkflow(workflows.previewStack, { workflowID: attemptId(deed.run, deed.attempt) })(deed.run);
      return undefined;
    case 'cancel':
      await DBOS.cancelWorkflow(deed.workflow);
      return undefined;
    case 'unlock':
      return unlockStacks(deed.stacks, { event, unlock: workflows.unlock });
    case 'decide':
      await DBOS.send(deed.to, { kind: deed.decision, by: event.author, reason: deed.reason }, 'decision');
      return undefined;
  }
}

/** Whether it counts and what it takes. Undefined: whoever asked may not. */
async function judge(services: Services, event: CommentMade, command: Command): Promise<Plan | undefined> {
  const { proposals } = repositoryOf(services, event.repository).forge;
  if (!proposals || !mayWrite(await proposals.permissionOf(event.author))) return undefined;
  if (command.name === 'help') return { deeds: [], answer: helpText() };
  refuseOld(services, event);
  const change = await services.store.changes.get(changeId({ repository: event.repository, name: event.change }));
  if (!change)
    throw userError(
      `Cannot do it as the change is not known: ${event.change}. Is it proposed for the branch that is watched?`,
    );
  const plan = await PLANS[command.name](services, { event, command, change });
  const { author: by, repository, id } = event;
  const text = `/${command.name} ${command.argument}`.trim();
  const said = { kind: 'command', repository, subject: change.id, by, via: 'comment', text } as const;
  await services.store.audit.add({ ...said, key: `command ${id}` });
  return plan;
}

const PLANS: Readonly<
  Record<Exclude<keyof typeof COMMANDS, 'help'>, (services: Services, order: Order) => Promise<Plan>>
> = {
  preview: planPreview,
  approve: (services, order) => planDecision(services, order, 'approve'),
  reject: (services, order) => planDecision(services, order, 'reject'),
  retry: planRetry,
  cancel: planCancel,
  environment: planEnvironment,
  unlock: async (services, { change }) => ({
    deeds: [{ kind: 'unlock', stacks: await stacksToUnlock(services, change) }],
    answer: undefined,
  }),
};

/** A stranger's head is run only where its commit is named: a push between reading and writing is not run by accident. */
async function planPreview(services: Services, { command, change }: Order): Promise<Plan> {
  const { repository, name, head } = change;
  if (change.state !== 'open') throw userError(`Cannot preview the change as it is ${change.state}: ${name}.`);
  const [commit = ''] = command.argument.split(/\s+/);
  const named = /^[0-9a-f]{7,40}$/i.test(commit) && head.startsWith(commit.toLowerCase());
  if (commit !== '' && !named)
    throw userError(`Cannot preview ${commit} as the change's head is ${short(head)}. Read that one, and name it.`);
  if (change.held && !named)
    throw userError(
      `Cannot preview a stranger's change without its commit. Read it and say \`/preview ${short(head)}\`.`,
    );
  const { mirror, base } = repositoryOf(services, repository);
  const onto = (await mirror.fetch()).find(({ branch }) => branch === base)!.commit;
  return {
    deeds: [{ kind: 'preview-change', at: { repository, name, head, base: onto, sameHead: true } }],
    answer: undefined,
  };
}

/** What nobody has previewed yet is previewed too: the environment is made at what merging makes. */
async function planEnvironment(services: Services, order: Order): Promise<Plan> {
  const { event, command, change } = order;
  const [word = ''] = command.argument.split(/\s+/);
  const commit = word === '' || word === 'up' || word === 'down' ? undefined : word;
  await askForEnvironment(services, change, { asked: word === 'down' ? 'down' : 'up', commit, by: event.author });
  if (word === 'down' || !change.held) return { deeds: [], answer: undefined };
  return planPreview(services, { ...order, command: { name: 'preview', argument: word } });
}

async function planCancel(services: Services, { event, change }: Order): Promise<Plan> {
  const filter = { change: change.id, kind: 'preview' as const, states: ['queued', 'running'] as const, limit: 1000 };
  const runs = knownThen(event, await services.store.runs.list(filter));
  if (runs.length === 0)
    throw userError('Cannot cancel anything as no preview of this change is running. See `/help`.');
  const endedAt = new Date(services.clock.now());
  for (const { id } of runs)
    await services.store.runs.set(id, { state: 'cancelled', summary: `cancelled by ${event.author}`, endedAt });
  return {
    deeds: runs.map((run) => ({ kind: 'cancel', workflow: attemptId(run.id, run.attempt) })),
    answer: undefined,
  };
}

/** Before the merge previews are tried again, after it whatever the rollout failed at. */
async function planRetry(services: Services, order: Order): Promise<Plan> {
  const { change, event } = order;
  if (change.state === 'merged') return planDecision(services, order, 'retry');
  const filter = { change: change.id, kind: 'preview' as const, states: ['failed', 'cancelled'] as const, limit: 1000 };
  const failed = (await services.store.runs.list(filter)).filter(({ commit }) => commit === change.merge);
  const runs = endedThen(event, failed);
  if (failed.length > runs.length && runs.length === 0)
    throw userError('Cannot try it again as what failed has failed since that was written. Say `/retry` once more.');
  if (runs.length === 0) return planPreview(services, { ...order, command: { name: 'preview', argument: '' } });
  for (const { id, attempt: number } of runs) await queueAgain(services, [id], number + 1);
  return {
    deeds: runs.map((run) => ({ kind: 'preview-run', run: run.id, attempt: run.attempt + 1 })),
    answer: undefined,
  };
}

/** Hands a decision to whatever waits for one because of this change. One that does not count is refused with the reason. */
async function planDecision(
  services: Services,
  { event, command, change }: Order,
  decision: DecisionKind,
): Promise<Plan> {
  const rollouts = (await services.store.rollouts.list(change.repository)).filter(({ changes }) =>
    changes.includes(change.id),
  );
  const waiting = await waitingOf(services, rollouts);
  await refuseUnseen(services, event, waiting);
  if (waiting.rollouts.length + waiting.runs.length === 0)
    throw userError(
      `Cannot ${decision} anything as nothing waits for it. ${change.state === 'open' ? 'Approvals of an environment count once the change is merged; before that the review is the approval.' : 'See where its rollout is.'}`,
    );
  const reason = command.argument === '' ? undefined : command.argument;
  const given = { kind: decision, by: event.author, via: 'comment', reason };
  const deeds: Deed[] = [];
  for (const rollout of waiting.rollouts) {
    await judgeRolloutDecision(services, rollout.id, given);
    deeds.push({ kind: 'decide', to: rollout.id, decision, reason });
  }
  for (const run of waiting.runs) {
    await judgeRunDecision(services, run.id, given);
    deeds.push({ kind: 'decide', to: attemptId(run.id, run.attempt), decision, reason });
  }
  return { deeds, answer: undefined };
}

async function waitingOf(
  services: Services,
  rollouts: readonly Rollout[],
): Promise<{ readonly rollouts: readonly Rollout[]; readonly runs: readonly Run[] }> {
  const runs: Run[] = [];
  for (const { id } of rollouts)
    runs.push(...(await services.store.runs.list({ rollout: id, states: ['waiting'], limit: 1000 })));
  return { rollouts: rollouts.filter(({ state }) => state === 'waiting'), runs };
}

/** A forge that cannot be reached is said and does not undo the command. */
async function receipt(
  services: Services,
  event: CommentMade,
  { reaction, answer }: { readonly reaction: Reaction; readonly answer: string | undefined },
): Promise<void> {
  const { forge } = repositoryOf(services, event.repository);
  const { change, comment: id, author } = event;
  const given: Attempt<void> = await attempt(async () => {
    await forge.proposals?.react({ change, id }, reaction);
    const text = `${ANSWER_MARKER}\n@${author}: ${redactor.redact(answer ?? '')}`;
    if (answer !== undefined) await forge.putComment({ change, commit: '', text, marker: ANSWER_MARKER });
  }, services);
  if (!given.ok && !isMainstayError(given.error))
    services.log.error({ change, error: given.error.message }, 'the forge did not take the receipt of a command');
}
