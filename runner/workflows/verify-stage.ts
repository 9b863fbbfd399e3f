import { join } from 'node:path';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { redactor } from '../../foundation/redact.ts';
import { NO_GATE } from '../core/gate.ts';
import type { VerifySettings } from '../core/gate-settings.ts';
import type { Verification } from '../verify/verifier.ts';
import { nameOfCheck } from '../verify/verifier.ts';
import { verify } from '../verify/verify.ts';
import { attempt } from './attempt.ts';
import { rolloutId } from './rollout-at.ts';
import type { StageWork } from './rollout-wait.ts';
import type { Services } from './services.ts';
import { checkOut, stackAt } from './with-checkout.ts';

/** How an environment proved itself. */
export type StageProof = { readonly good: true; readonly at: number } | { readonly good: false; readonly text: string };

/** Makes the checks of an environment after its update, one after the other; the first that is bad ends it. */
export async function verifyStage(services: Services, work: StageWork, round: number): Promise<StageProof> {
  const checks = (work.stage.gate ?? NO_GATE).verify;
  for (const [index, check] of checks.entries()) {
    const name = nameOfCheck(check);
    const result = await DBOS.runStep(
      () => attempt(() => verifyOnce(services, work, { check, index, round }), services),
      { name: `${work.stage.environment}: verify ${name}` },
    );
    const text = result.ok ? result.value.text : result.error.message;
    if (!result.ok || !result.value.good) return { good: false, text: `${name}: ${text}` };
  }
  return { good: true, at: await DBOS.runStep(async () => services.clock.now(), { name: 'verified' }) };
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
  const [first] = stage.groups.flat();
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

/** Outputs by stack name, as each stack's last update left them. */
async function outputsOf(
  { store }: Services,
  { at, stage }: StageWork,
): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
  const outputs: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const stack of stage.groups.flat()) {
    const [update] = await store.runs.list({
      repository: at.repository,
      stack,
      kind: 'update',
      states: ['succeeded'],
      limit: 1,
    });
    outputs[stack.slice(stack.lastIndexOf('/') + 1)] = update?.outcome?.outputs ?? {};
  }
  return outputs;
}
