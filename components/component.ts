import * as pulumi from '@pulumi/pulumi';

/** What every component takes beside its own arguments. */
export interface ComponentArgs {
  /**
   * Called for every resource that the component makes, before it is registered: returns what to make instead, or undefined to
   * leave it. The way to everything that the arguments did not foresee.
   */
  readonly transform?: pulumi.ResourceTransformation;
}

/** The options of a component with its `transform` handed on to its children. */
export function withTransform(
  args: ComponentArgs,
  options: pulumi.ComponentResourceOptions | undefined,
): pulumi.ComponentResourceOptions {
  return pulumi.mergeOptions(options, args.transform ? { transformations: [args.transform] } : {});
}

/** Tags by which a bill, a search and an auditor find whose resource this is. */
export function stackTags(name: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    Name: `${pulumi.getStack()}-${name}`,
    Project: pulumi.getProject(),
    Stack: pulumi.getStack(),
    ManagedBy: 'mainstay',
    ...more,
  };
}
