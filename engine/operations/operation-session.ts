import { availableParallelism } from 'node:os';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { userError } from '../../foundation/errors.ts';
import type { Autonamer } from '../deploy/deployment-options.ts';
import type { Diagnostic, EventSink } from '../deploy/events.ts';
import type { Plan } from '../deploy/plan.ts';
import { programLimits } from '../language/program-limits.ts';
import { createBuiltinProvider } from '../plugins/builtin-provider.ts';
import type { ProviderPool } from '../plugins/provider-pool.ts';
import type { ProviderRegistry } from '../plugins/provider-registry.ts';
import { createProviderRegistry } from '../plugins/registry.ts';
import { createStackOutputsReader } from '../plugins/stack-outputs.ts';
import { type Project, programOf } from '../project/project-file.ts';
import type { StackConfig } from '../project/stack-config.ts';
import { StackFile } from '../project/stack-file.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import { discardingRecorder, type Snapshot, type SnapshotRecorder } from '../state/snapshot.ts';
import { versionProblem } from '../version-range.ts';
import { autonamerOf } from './autonaming.ts';
import { refuseNewerSdk } from './check-sdk-level.ts';
import { ensureSecrets, existingSecrets, type OpenStack, readStackConfig, type Workplace } from './open-stack.ts';
import type { OperationOptions } from './operation-options.ts';
import { packagesOf } from './packages-of.ts';
import { type PlanFile, readPlanFile } from './plan-file.ts';
import { baseOf } from './prediction.ts';
import { programEnvironment } from './program-environment.ts';
import { programHostOf } from './program-host-choice.ts';
import { createDeploymentProgram, type DeploymentProgram } from './program-source.ts';

/** Everything that one deployment works with, opened and not yet used. */
export interface OperationSession {
  readonly config: StackConfig;
  readonly base: Snapshot;
  readonly recorder: SnapshotRecorder;
  readonly registry: ProviderRegistry;
  readonly program: DeploymentProgram | undefined;
  readonly parallel: number;
  /** What the setting `pulumi:autonaming` says. */
  readonly autonamer: Autonamer | undefined;
  /** What `up --plan` allows. */
  readonly plan: Plan | undefined;
}

/** What to open a session for. */
export interface SessionRequest {
  readonly place: Workplace;
  readonly stack: OpenStack;
  readonly options: OperationOptions;
  readonly preview: boolean;
  readonly events: EventSink;
}

/** Reads configuration and state, and makes what the deployment needs. Nothing has been changed when it rejects. */
export async function openSession(request: SessionRequest): Promise<OperationSession> {
  const { place, stack, options, preview, events } = request;
  refuseOtherVersion(stack.project);
  const needsProgram = options.kind === 'update' || options.runProgram;
  if (!preview && needsProgram && options.client === undefined && stack.project.runtime === 'nodejs')
    refuseNewerSdk(programOf(stack.project).directory);
  const planned = await readPlan(request);
  const config = await readStackConfig(planned ? await withConfig(stack, planned.config) : stack);
  const autonamer = autonamerOf(config, { ...stack.identity, organization: 'organization' });
  const read = await stack.backend.readSnapshot(stack.identity, stack.openSecrets);
  const known = options.clearPendingCreates ? withoutPendingCreates(read) : read;
  const base = preview ? baseOf(place.services.prediction, known) : known;
  const manager = preview ? undefined : await writingManager(stack, base, place.environment);
  const parallel = parallelOf(options, place.environment);
  // The registry and the program need each other: the program is asked for resources only while it runs.
  let registry: ProviderRegistry | undefined;
  const program = needsProgram
    ? createDeploymentProgram({
        host: await programHostOf(place.services, stack.project, options.client),
        run: programRun(request, config, parallel),
        registry: () => registry!,
        events,
        packages: await packagesOf(stack, base, options),
      })
    : undefined;
  registry = createRegistry({ ...request, config, program, pool: await place.services.providers() });
  const recorder = preview ? discardingRecorder(base) : await stack.backend.record(stack.identity, base, manager);
  return { config, base, recorder, registry, program, parallel, autonamer, plan: planned?.plan };
}

function refuseOtherVersion({ requiredPulumiVersion, file }: Project): void {
  const problem = requiredPulumiVersion ? versionProblem(requiredPulumiVersion) : undefined;
  if (problem === undefined) return;
  throw userError(
    `Cannot work on the project as ${problem}. Correct requiredPulumiVersion, or use a Pulumi CLI of such a version.`,
    { place: { file } },
  );
}

async function readPlan({ place, stack, options }: SessionRequest): Promise<PlanFile | undefined> {
  if (options.planFile === undefined) return undefined;
  return readPlanFile(options.planFile, { directory: place.directory, manager: await existingSecrets(stack) });
}

/** The stack with the settings of a plan in the place of its own. They are never saved. */
async function withConfig(stack: OpenStack, config: PlanFile['config']): Promise<OpenStack> {
  const file = await StackFile.read(stack.file.path, stack.project.name);
  for (const key of file.config().keys()) file.removeConfig(key);
  for (const [key, value] of Object.entries(config)) file.setConfig(key, value);
  return { ...stack, file };
}

function withoutPendingCreates(snapshot: Snapshot): Snapshot {
  return { ...snapshot, pendingOperations: snapshot.pendingOperations.filter(({ kind }) => kind !== 'creating') };
}

/** The state's own manager where it is the stack's: unchanged secrets then keep their ciphertext. */
async function writingManager(stack: OpenStack, base: Snapshot, environment: Environment): Promise<SecretsManager> {
  const own = (await existingSecrets(stack)) ?? base.secretsManager ?? (await ensureSecrets(stack, environment));
  const { secretsManager: old } = base;
  return old && old.type === own.type && old.state.salt === own.state.salt ? old : own;
}

/** `--parallel`, PULUMI_PARALLEL, else four for each processor (facts 3.10). */
function parallelOf(options: OperationOptions, environment: Environment): number {
  const wanted =
    options.parallel ??
    new EnvironmentReader(environment).integer('PULUMI_PARALLEL', { fallback: 4 * availableParallelism() });
  return Math.max(1, wanted);
}

function programRun(request: SessionRequest, config: StackConfig, parallel: number) {
  const { place, stack, preview, events } = request;
  const { directory, entryPoint } = programOf(stack.project);
  const say = (severity: 'info' | 'info#err') => (line: string) =>
    events({ kind: 'diagnostic', diagnostic: { severity, message: line, urn: '' } });
  return {
    rootDirectory: stack.project.directory,
    programDirectory: directory,
    entryPoint,
    project: stack.identity.project,
    stack: stack.identity.stack,
    organization: 'organization',
    config: config.values,
    configSecretKeys: config.secretKeys,
    dryRun: preview,
    parallel,
    environment: programEnvironment(place.environment),
    limits: programLimits(place.environment),
    runtimeOptions: stack.project.runtimeOptions,
    onStdout: say('info'),
    onStderr: say('info#err'),
  };
}

function createRegistry(
  request: SessionRequest & {
    readonly config: StackConfig;
    readonly program: DeploymentProgram | undefined;
    readonly pool: ProviderPool;
  },
): ProviderRegistry {
  const { place, stack, events, config, program, pool } = request;
  const { project, identity, backend, openSecrets } = stack;
  const log = (diagnostic: Diagnostic) => events({ kind: 'diagnostic', diagnostic: { ...diagnostic, logged: true } });
  return createProviderRegistry({
    project: identity.project,
    stack: identity.stack,
    organization: 'organization',
    rootDirectory: project.directory,
    programDirectory: programOf(project).directory,
    config: config.values,
    environment: place.environment,
    projectPlugins: project.plugins,
    runtimeOptions: project.runtimeOptions,
    pluginArguments: request.options.pluginArguments,
    builtins: createBuiltinProvider({
      stacks: createStackOutputsReader({
        ...{ backend, openSecrets, project: identity.project },
        proposed: request.preview ? place.services.proposals?.resourcesOf : undefined,
      }),
      findResource: (urn) => program?.findResource(urn),
      log,
    }),
    log,
    pool,
  });
}
