import { EnvironmentReader } from '../../foundation/environment.ts';
import type { DeploymentKind } from '../deploy/deployment-options.ts';
import type { OperationOptions } from '../operations/operation-options.ts';
import type { CommandContext } from './command.ts';
import { CommandFailure } from './exit-codes.ts';
import type { Flags, FlagValue } from './flags.ts';

/** Flags that only some of the operations have: absent ones count as not given. */
class PresentFlags {
  readonly #flags: Flags;
  readonly #names: ReadonlySet<string>;

  constructor(flags: Flags) {
    this.#flags = flags;
    this.#names = new Set(flags.names());
  }

  boolean(name: string, fallback = false): boolean {
    return this.#names.has(name) ? this.#flags.boolean(name, fallback) : fallback;
  }

  text(name: string): string | undefined {
    return this.#names.has(name) ? this.#flags.text(name) : undefined;
  }

  list(name: string): readonly string[] {
    return this.#names.has(name) ? this.#flags.list(name) : [];
  }
}

/** What the flags of an operation ask for. Throws where they contradict each other. */
export function operationOptions(kind: DeploymentKind, context: CommandContext, all: Flags): OperationOptions {
  const flags = new PresentFlags(all);
  const targetReplaces = flags.list('target-replace');
  const targets = [...flags.list('target'), ...targetReplaces];
  const excludes = flags.list('exclude');
  if (targets.length > 0 && excludes.length > 0)
    throw new CommandFailure(
      'Cannot use --target and --exclude together as they contradict each other. Give only one of them.',
    );
  if (targets.length > 0 && flags.boolean('exclude-protected'))
    throw new CommandFailure('You cannot specify --target and --exclude-protected');
  return {
    kind,
    parallel: all.integer('parallel'),
    targets,
    targetDependents: flags.boolean('target-dependents'),
    excludes,
    excludeDependents: flags.boolean('exclude-dependents'),
    excludeProtected: flags.boolean('exclude-protected'),
    replaces: [...flags.list('replace'), ...targetReplaces],
    refresh: refreshOf(flags.text('refresh')),
    continueOnError: flags.boolean('continue-on-error', continueByDefault(context)),
    runProgram: flags.boolean(
      'run-program',
      new EnvironmentReader(context.environment).flag('PULUMI_RUN_PROGRAM', false),
    ),
    clearPendingCreates: flags.boolean('clear-pending-creates'),
    policyPacks: flags.list('policy-pack'),
    policyPackConfigs: flags.list('policy-pack-config'),
    planFile: flags.text('plan'),
    savePlanFile: flags.text('save-plan'),
    client: flags.text('client'),
    pluginArguments: pluginArguments(all),
    imports: [],
    source: {
      execKind: flags.text('exec-kind') ?? 'cli',
      execAgent: flags.text('exec-agent'),
      message: flags.text('message') ?? '',
      flags: givenFlags(all),
    },
  };
}

/** `--logflow` hands the settings of the log on (pkg/resource/plugin/plugin.go, buildPluginArguments). */
function pluginArguments(flags: Flags): readonly string[] {
  if (!flags.boolean('logflow')) return [];
  const level = flags.integer('verbose') ?? 0;
  return [...(flags.boolean('logtostderr') ? ['--logtostderr'] : []), ...(level > 0 ? [`-v=${level}`] : [])];
}

function continueByDefault(context: CommandContext): boolean {
  return new EnvironmentReader(context.environment).flag('PULUMI_CONTINUE_ON_ERROR', false);
}

function refreshOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'false') return false;
  if (text === 'true') return true;
  throw new CommandFailure(`invalid argument "${text}" for "--refresh" flag: it is neither true nor false`);
}

/** Values other than true and false are not kept: they may be secrets. */
function givenFlags(flags: Flags): Readonly<Record<string, string>> {
  return Object.fromEntries(flags.given().map(([spec, value]) => [spec.name, shown(value)]));
}

function shown(value: FlagValue): string {
  return typeof value === 'boolean' ? String(value) : 'set';
}
