import type { FunctionDefinition } from '../definition.ts';
import { getAmi, getAvailabilityZones, getSubnets, getVpc } from './ec2.ts';
import { getAddonVersion, getCluster, getClusterAuth } from './eks.ts';
import { getPolicyDocument } from './iam.ts';
import { getCallerIdentity, getPartition, getRegion } from './identity.ts';
import { getAuthorizationToken, getParameter } from './values.ts';

/** Every function that is served, by token. A new one is one line here. */
export const functions: ReadonlyMap<string, FunctionDefinition> = new Map(
  [
    getAddonVersion,
    getAuthorizationToken,
    getCluster,
    getClusterAuth,
    getParameter,
    getAmi,
    getAvailabilityZones,
    getCallerIdentity,
    getPartition,
    getPolicyDocument,
    getRegion,
    getSubnets,
    getVpc,
  ].map((one) => [one.token, one]),
);
