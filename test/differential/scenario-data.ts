/** A program and what is done with it, as data: both engines are given the same. */
export interface Scenario {
  readonly operations: readonly Operation[];
}

export interface Operation {
  readonly kind: 'up' | 'preview' | 'refresh' | 'destroy' | 'import';
  readonly resources: readonly ScenarioResource[];
  /** What goes wrong in the provider, by `<method> <name>`. */
  readonly failures: Readonly<Record<string, 'clean' | 'partial'>>;
  /** Changes and losses outside of the engine before the operation, by resource name. */
  readonly drift: Readonly<Record<string, 'changed' | 'gone'>>;
  readonly continueOnError: boolean;
  readonly refresh: boolean;
  /** Names of targets; empty: everything. */
  readonly targets: readonly string[];
  readonly targetDependents: boolean;
  /** Names of resources to replace whatever they are like. */
  readonly replaces: readonly string[];
  /** Steps at the same time. */
  readonly parallel?: number;
  /** An update under a plan of its own program, or of one that differs. */
  readonly plan?: 'kept' | 'broken';
  /** What `pulumi import` adopts. */
  readonly imports?: readonly ScenarioImport[];
  /** Names of resources to leave alone; empty: none. Not together with targets. */
  readonly excludes?: readonly string[];
  readonly excludeDependents?: boolean;
  /** The program registers whatever it can at the same time, so that the order is not fixed. */
  readonly concurrent?: boolean;
  /** What every resource goes through after its own transforms. */
  readonly stackTransform?: TransformName;
  /** The policies of a pack that the operation runs under. */
  readonly policies?: readonly ScenarioPolicy[];
  /** Refresh and destroy: the program runs, for its hooks. */
  readonly runProgram?: boolean;
  /** What an engine that was killed before has left as under way. */
  readonly pending?: readonly ScenarioPending[];
  /** Refresh: such creates are forgotten. */
  readonly clearPending?: boolean;
}

export interface ScenarioImport {
  readonly name: string;
  readonly id: string;
  readonly protect: boolean;
  /** Below a component that is imported with it. */
  readonly grouped?: boolean;
  /** Only these properties become inputs. */
  readonly properties?: readonly string[];
}

export interface ScenarioPending {
  readonly name: string;
  readonly kind: 'creating' | 'updating' | 'deleting';
}

export interface ScenarioPolicy {
  readonly level: 'advisory' | 'mandatory' | 'remediate';
  /** Looks at all resources at the end, in the place of each before its steps. */
  readonly wholeStack: boolean;
  /** What it does not want. */
  readonly dislikes: Dislike;
}

export const dislikes = ['size 1', 'a tag x', 'no tags', 'a secret'] as const;
export type Dislike = (typeof dislikes)[number];

export const transformNames = [
  'grow',
  'protect',
  'retain',
  'tag',
  'ignore',
  'exclusive',
  'patient',
  'watched',
] as const;
export type TransformName = (typeof transformNames)[number];

export const hookKinds = [
  'BeforeCreate',
  'AfterCreate',
  'BeforeUpdate',
  'AfterUpdate',
  'BeforeDelete',
  'AfterDelete',
] as const;
/** When hooks run, and the names of those that do: see `program-callbacks.ts`. */
export type ScenarioHooks = Readonly<Partial<Record<(typeof hookKinds)[number] | 'OnError', readonly string[]>>>;

export interface ScenarioResource {
  readonly name: string;
  readonly component: boolean;
  /** A component that its provider makes, with two things in it. */
  readonly remote?: boolean;
  /** It has the second of two types. */
  readonly retyped?: boolean;
  readonly transform?: TransformName;
  readonly hooks?: ScenarioHooks;
  /** Only looked up, by this id. */
  readonly read: string | undefined;
  /** Served by an explicit provider for this region. */
  readonly region: number | undefined;
  /** The provider leaves it to the engine to compare inputs. */
  readonly vague: boolean;
  readonly settings:
    | { readonly a: number; readonly list: readonly number[]; readonly deep?: { readonly b: number } }
    | undefined;
  readonly size: number;
  /** A change of it needs a replacement. */
  readonly version: number;
  readonly exclusive: boolean;
  readonly secret: boolean;
  readonly tags: readonly string[];
  /** Earlier resources that it takes an output from, in a property whose change replaces or not. */
  readonly from: readonly { readonly name: string; readonly sensitive: boolean }[];
  readonly dependsOn: readonly string[];
  readonly parent: string | undefined;
  readonly options: ScenarioOptions;
}

export interface ScenarioOptions {
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
  readonly additionalSecretOutputs?: readonly string[];
  readonly deletedWith?: string;
  readonly replaceWith?: readonly string[];
  readonly replacementTrigger?: number;
  readonly aliases?: readonly string[];
  readonly importId?: string;
  readonly createTimeout?: number;
  readonly updateTimeout?: number;
  readonly deleteTimeout?: number;
  readonly hideDiff?: readonly string[];
}
