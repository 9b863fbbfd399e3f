import type { PropertyMap } from '../../protocol/property-value.ts';
import type { CustomTimeouts } from '../../protocol/provider.ts';

export type EnforcementLevel = 'advisory' | 'mandatory' | 'remediate' | 'disabled';

/** A resource as a policy sees it (proto/pulumi/analyzer.proto, AnalyzerResource). */
export interface AnalyzedResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Checked inputs for `analyze` and `remediate`, outputs for `analyzeStack`. */
  readonly properties: PropertyMap;
  readonly options: {
    readonly protect: boolean;
    readonly ignoreChanges: readonly string[];
    readonly deleteBeforeReplace: boolean | undefined;
    readonly additionalSecretOutputs: readonly string[];
    readonly aliases: readonly string[];
    readonly customTimeouts: CustomTimeouts | undefined;
    readonly parent: string;
  };
  readonly provider:
    | { readonly urn: string; readonly type: string; readonly name: string; readonly properties: PropertyMap }
    | undefined;
}

export interface AnalyzedStackResource extends AnalyzedResource {
  readonly parent: string;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

export interface PolicyViolation {
  readonly policyName: string;
  readonly policyPackName: string;
  readonly policyPackVersion: string;
  readonly description: string;
  readonly message: string;
  readonly enforcementLevel: EnforcementLevel;
  /** '' : the resource that was analyzed, or the stack. */
  readonly urn: string;
}

/** One remediation. With a `diagnostic` nothing was changed and the text is a warning. */
export interface Remediation {
  readonly policyName: string;
  readonly policyPackName: string;
  readonly policyPackVersion: string;
  readonly description: string;
  readonly properties: PropertyMap;
  readonly diagnostic: string;
}

/** A running policy pack. Every method rejects where the pack itself fails; that fails the deployment. */
export interface ResourceAnalyzer {
  readonly name: string;
  readonly version: string;
  remediate(resource: AnalyzedResource): Promise<readonly Remediation[]>;
  analyze(resource: AnalyzedResource): Promise<readonly PolicyViolation[]>;
  analyzeStack(resources: readonly AnalyzedStackResource[]): Promise<readonly PolicyViolation[]>;
}
