import type { EnvironmentPatch } from '../core/environment-store.ts';
import { againAfter, type PreviewEnvironment } from '../core/preview-environment.ts';
import { short } from '../core/report-text.ts';
import { ENDED_STATES, type Run } from '../core/run.ts';
import type { Services } from './services.ts';

/** What only the run itself knows of its end. */
interface Ending {
  readonly unclear: boolean;
  /** Names of resources that stay. */
  readonly retained: readonly string[];
}

/** Takes over into its environment how its newest run ended. May be repeated; a run that is not the newest, or has not ended, changes nothing. */
export async function settleEnvironment(
  services: Services,
  id: string,
  ending: Ending = { unclear: false, retained: [] },
): Promise<void> {
  const { store, clock } = services;
  const run = await store.runs.get(id);
  if (!run || !ENDED_STATES.includes(run.state)) return;
  const environment = await store.environments.get(run.repository, run.stack);
  if (environment?.run !== id || (environment.state !== 'making' && environment.state !== 'removing')) return;
  const now = clock.now();
  const patch = run.kind === 'removal' ? removed(environment, run, { ...ending, now }) : made(run, ending);
  await recordEnd(services, { environment, run, patch });
  await store.environments.set(environment, patch, new Date(now));
}

function made({ state, summary, outcome }: Run, { unclear }: Ending): EnvironmentPatch {
  const sandbox = outcome && { sandbox: outcome.sandbox };
  if (state !== 'succeeded') return { state: 'failed', summary, unclear, ...sandbox };
  return { state: 'ready', summary, unclear: false, failures: 0, outputs: outcome?.outputs ?? {}, ...sandbox };
}

function removed(
  { failures }: PreviewEnvironment,
  { state, summary }: Run,
  { now, unclear, retained }: Ending & { readonly now: number },
): EnvironmentPatch {
  if (state !== 'succeeded')
    return {
      state: 'stuck',
      summary,
      unclear,
      failures: failures + 1,
      againAt: new Date(now + againAfter(failures + 1)),
    };
  const stays =
    retained.length > 0 ? `; these stay, as the program says, and nobody looks after them: ${retained.join(', ')}` : '';
  const gone = { commit: undefined, claimed: false, unclear: false, outputs: {}, failures: 0, againAt: undefined };
  return { state: 'removed', summary: `${summary}${stays}`, ...gone };
}

const WORDS: Readonly<Partial<Record<PreviewEnvironment['state'], string>>> = {
  ready: 'made',
  failed: 'could not be made',
  removed: 'destroyed',
  stuck: 'could not be destroyed',
};

async function recordEnd(
  { store }: Services,
  {
    environment: { repository, stack, change },
    run,
    patch,
  }: { readonly environment: PreviewEnvironment; readonly run: Run; readonly patch: EnvironmentPatch },
): Promise<void> {
  const text = `preview environment ${stack} of ${change} ${WORDS[patch.state!]} at ${short(run.commit)}: ${patch.summary}`;
  await store.audit.add({
    ...{ kind: 'environment', repository, subject: stack, by: 'mainstay', text },
    detail: { state: patch.state, run: run.id, change },
    key: `environment ${run.id} ${run.attempt}`,
  });
}
