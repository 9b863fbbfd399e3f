/**
 * What this monitor can do, by the numbers of ResourceMonitorFeature and the older names of SupportsFeature (proto/pulumi/resource.proto). A feature that is not
 * here is one that programs either do without or are refused by their own SDK.
 */
const FEATURES: Readonly<Record<string, number>> = {
  secrets: 0,
  resourceReferences: 1,
  outputValues: 2,
  aliasSpecs: 3,
  replacementTrigger: 4,
  deletedWith: 5,
  replaceWith: 6,
  transforms: 7,
  invokeTransforms: 8,
  parameterization: 9,
  resourceHooks: 10,
  errorHooks: 11,
  invokeDependsOn: 14,
  invokeParent: 15,
};

export const featureNumbers: Uint8Array = Uint8Array.from(Object.values(FEATURES));

export function supportsFeature(name: string): boolean {
  return Object.hasOwn(FEATURES, name);
}
