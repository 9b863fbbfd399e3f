import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, systemCode, userError } from '../../foundation/errors.ts';
import type { Plan } from '../deploy/plan.ts';
import type { ConfigData, StackFile } from '../project/stack-file.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import { newManifest } from '../state/checkpoint.ts';
import { planFromJson, planToJson, type ResourcePlansJson } from './plan-json.ts';

/** A plan file (apitype.DeploymentPlanV1): the planned steps, and the settings that they were planned with. */
interface PlanFileJson {
  readonly config?: Readonly<Record<string, ConfigData>>;
  readonly resourcePlans?: ResourcePlansJson;
}

/** A plan that was read. */
export interface PlanFile {
  readonly plan: Plan;
  readonly config: Readonly<Record<string, ConfigData>>;
}

/** Writes `preview --save-plan`. Secrets in it are encrypted; the file is for its owner alone all the same. */
export async function writePlanFile(
  file: string,
  plan: Plan,
  context: { readonly settings: StackFile; readonly manager: SecretsManager | undefined },
): Promise<void> {
  const content = {
    manifest: newManifest(),
    config: Object.fromEntries(context.settings.config()),
    resourcePlans: planToJson(plan, context.manager),
  };
  await writeFile(file, `${JSON.stringify(content, undefined, 4)}\n`, { mode: 0o600 }).catch((cause: unknown) => {
    throw userError(`Cannot save the plan: ${messageOf(cause)}. Correct --save-plan.`, { place: { file }, cause });
  });
}

/** Reads `up --plan`; a relative path starts at `directory`. Its settings take the place of the stack's. Throws a user error that names the file. */
export async function readPlanFile(
  file: string,
  place: { readonly directory: string; readonly manager: SecretsManager | undefined },
): Promise<PlanFile> {
  const text = await readFile(resolve(place.directory, file), 'utf8').catch((cause: unknown) => {
    const why = systemCode(cause) === 'ENOENT' ? 'no such file or directory' : messageOf(cause);
    // In the order of the official CLI's words, which the Automation API's users match.
    throw userError(`open ${file}: ${why}. Cannot use the plan. Correct --plan.`, { cause });
  });
  try {
    const content = JSON.parse(text) as PlanFileJson | null;
    if (typeof content?.resourcePlans !== 'object') throw new Error('it has no resourcePlans');
    return { plan: planFromJson(content.resourcePlans, place.manager), config: content.config ?? {} };
  } catch (cause) {
    throw userError(`Cannot use the plan: ${messageOf(cause)}. Make a new one with \`pulumi preview --save-plan\`.`, {
      place: { file },
      cause,
    });
  }
}
