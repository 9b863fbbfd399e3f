import type * as pulumi from '@pulumi/pulumi';
import { Certificate } from '../../components/certificate/certificate';
import { Dns } from '../../components/dns/dns';
import { fullName } from '../../components/dns/record-plan';
import { Network } from '../../components/network/network';
import { Registry } from '../../components/registry/registry';
import type { Settings } from '../settings/settings-schema';

/** What the AWS part of an estate gives to the rest and to people. */
export interface AwsPart {
  readonly network: Network | undefined;
  readonly registry: Registry | undefined;
  readonly domains: readonly Dns[];
  /** ARN by domain. */
  readonly certificates: Readonly<Record<string, pulumi.Output<string>>>;
}

/** Name of an EKS cluster before it is there: subnets carry it in their tags. */
export function clusterName(stack: string): string {
  return `${stack}-main`;
}

/** Makes the network, the registry, and domains with their certificates, as far as they are set. */
export function composeAws(settings: Settings, stack: string): AwsPart {
  const { tags, network, registry } = settings;
  const clusterNames = settings.cluster?.kind === 'eks' ? [clusterName(stack)] : [];
  const vpc = network && new Network('main', { ...network, clusterNames, tags });
  const domains = Object.entries(settings.domains ?? {}).map(([domain, { zoneId, records, private: inside }]) => {
    const privateTo = inside && vpc ? [vpc.vpcId] : undefined;
    return [domain, new Dns(domain, { domain, zoneId, privateTo, records, tags })] as const;
  });
  const certificates = domains.flatMap(([domain, { zoneId }]) => {
    const names = settings.domains?.[domain]?.certificate ?? [];
    const [first, ...otherNames] = names.map((name) => fullName(name, domain));
    if (first === undefined) return [];
    return [[domain, new Certificate(domain, { domain: first, otherNames, zoneId, tags }).arn] as const];
  });
  return {
    network: vpc,
    registry: registry && new Registry('images', { ...registry, tags }),
    domains: domains.map(([, dns]) => dns),
    certificates: Object.fromEntries(certificates),
  };
}
