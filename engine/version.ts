/**
 * The level of Pulumi that this engine implements, as `pulumi version` says it: that of the `@pulumi/pulumi` in package.json, whose
 * published protocol it serves. The Automation API wants at least 3.2 and decides by it what it may ask (event log over gRPC from 3.206,
 * inline programs in destroy from 3.181); `requirePulumiVersion` in programs is checked against it.
 */
export const engineVersion = '3.270.0';
