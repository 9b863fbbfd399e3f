import * as pulumi from '@pulumi/pulumi';

/** What every component takes beside its own arguments. */
export interface ComponentArgs {
  /**
   * Called for every resource that the component makes, before it is registered: returns what to make instead, or undefined to
   * leave it. The way to everything that the arguments did not foresee.
   */
  readonly transform?: pulumi.ResourceTransformation;
}

/**
 * The options of a component, with what concerns its children handed on to them: its `transform`, and what it waits for. Pulumi itself
 * makes only the component's own (empty) resource wait for its `dependsOn`, and its children would start at once.
 */
export function withTransform(
  args: ComponentArgs,
  options: pulumi.ComponentResourceOptions | undefined,
): pulumi.ComponentResourceOptions {
  const dependsOn = options?.dependsOn;
  const wait: pulumi.ResourceTransformation = ({ props, opts }) => ({
    props,
    opts: pulumi.mergeOptions(opts, { dependsOn }),
  });
  const transformations = [...(dependsOn ? [wait] : []), ...(args.transform ? [args.transform] : [])];
  return pulumi.mergeOptions(options, { transformations });
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
