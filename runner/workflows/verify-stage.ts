import { join } from 'node:path';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { redactor } from '../../foundation/redact.ts';
import { NO_GATE } from '../core/gate.ts';
import type { VerifySettings } from '../core/gate-settings.ts';
import { stacksOfStage } from '../core/stack-order.ts';
import type { Verification } from '../verify/verifier.ts';
import { nameOfCheck } from '../verify/verifier.ts';
import { verify } from '../verify/verify.ts';
import { attempt } from './attempt.ts';
import { rolloutId } from './rollout-at.ts';
import type { StageWork } from './rollout-wait.ts';
import type { Services } from './services.ts';
import { checkOut, stackAt, withCheckout } from './with-checkout.ts';

/** How an environment proved itself. */
export type StageProof = { readonly good: true; readonly at: number } | { readonly good: false; readonly text: string };

/** Makes the checks of an environment after its update, one after the other; the first that is bad ends it. */
export async function verifyStage(services: Services, work: StageWork, round: number): Promise<StageProof> {
  const checks = (work.stage.gate ?? NO_GATE).verify;
  const { store, clock } = services;
  for (const [index, check] of checks.entries()) {
    const name = nameOfCheck(check);
    const result = await DBOS.runStep(() => verifyAndRemember(services, work, { check, index, round }), {
      name: `${work.stage.environment}: verify ${name}`,
    });
    if (!result.good) return { good: false, text: `${name}: ${result.text}` };
  }
  const proved = async () => {
    await store.stacks.setUnproven(work.at.repository, stacksOfStage(work.stage), undefined);
    return clock.now();
  };
  return { good: true, at: await DBOS.runStep(proved, { name: 'verified' }) };
}

/** What is bad stays so for later rollouts, until checks come through. A check that cannot be made proves nothing either. */
async function verifyAndRemember(
  services: Services,
  work: StageWork,
  check: Parameters<typeof verifyOnce>[2],
): Promise<Verification> {
  const result = await attempt(() => verifyOnce(services, work, check), services);
  const end: Verification = result.ok ? result.value : { good: false, text: result.error.message };
  const { at, stage } = work;
  const why = `${nameOfCheck(check.check)}: ${end.text}`;
  if (!end.good) await services.store.stacks.setUnproven(at.repository, stacksOfStage(stage), { bad: true, why });
  return end;
}

async function verifyOnce(
  services: Services,
  work: StageWork,
  { check, index, round }: { readonly check: VerifySettings; readonly index: number; readonly round: number },
): Promise<Verification> {
  const { at, stage, later } = work;
  const id = rolloutId(at);
  const name = nameOfCheck(check);
  const after = later.length > 0 ? `; ${later.join(', ')} after that` : '';
  await services.store.rollouts.set(id, { summary: `verifies ${stage.environment}: ${name}${after}` });
  const [first] = stacksOfStage(stage);
  const place = { repository: at.repository, stack: first!, commit: at.commit };
  const run = { id: `verify-${index}`, ...place, kind: 'update' as const, change: undefined };
  const { stack } = await stackAt(services, run);
  const checkout = await checkOut(services, run, stack);
  try {
    const result = await verify(check, {
      folder: join(checkout.folder),
      outputs: await outputsOf(services, work),
      environment: services.programEnvironment ?? {},
      key: `${id} ${stage.environment} ${index} ${round}`,
      signal: AbortSignal.any([DBOS.stepStatus!.cancelSignal, services.ending]),
      note: (text) => services.log.debug({ rollout: id, check: name }, redactor.redact(text)),
    });
    const text = redactor.redact(result.text);
    const line = `${stage.environment} ${result.good ? 'verified' : 'is not good'}: ${name}: ${text}`;
    services.tell(`rollout ${id}: ${line}`);
    await services.store.audit.add({
      ...{ kind: 'verification', repository: at.repository, subject: id, by: 'mainstay', text: line },
      key: `verify ${id} ${stage.environment} ${index} ${round}`,
    });
    return { ...result, text };
  } finally {
    await checkout.remove();
  }
}

/** Outputs by stack name of the whole environment, as each stack's last update left them; the state is asked where that is not remembered. */
async function outputsOf(
  services: Services,
  { at, stage }: StageWork,
): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
  const { store } = services;
  const outputs: Record<string, Readonly<Record<string, unknown>>> = {};
  const known = (await store.stacks.list(at.repository)).filter(
    ({ environment, appliedCommit }) => environment === stage.environment && appliedCommit !== undefined,
  );
  for (const stack of new Set([...known.map(({ id }) => id), ...stacksOfStage(stage)])) {
    const [update] = await store.runs.list({
      repository: at.repository,
      stack,
      kind: 'update',
      states: ['succeeded'],
      limit: 1,
    });
    outputs[stack.slice(stack.lastIndexOf('/') + 1)] =
      update?.outcome?.outputs ?? (await outputsInState(services, { ...at, stack }));
  }
  return outputs;
}

function outputsInState(
  services: Services,
  place: { readonly repository: string; readonly commit: string; readonly stack: string },
): Promise<Readonly<Record<string, unknown>>> {
  const run = { ...place, id: 'outputs', kind: 'update' as const, change: undefined };
  const signal = AbortSignal.any([DBOS.stepStatus!.cancelSignal, services.ending]);
  return withCheckout(services, { run, signal, silent: true }, ({ engine, work }) => engine.outputs(work));
}
