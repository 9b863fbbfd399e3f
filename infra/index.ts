import * as pulumi from '@pulumi/pulumi';
import type { AwsPart } from './compose/aws-part';
import { composeKubernetes } from './compose/kubernetes-part';
import { sandboxProblem } from './sandbox-guard';
import { readSettings } from './settings/read-settings';
import type { Settings } from './settings/settings-schema';

/** Sections of the settings that are made by `compose/aws-part.ts`. */
const AWS_SECTIONS = ['network', 'registry', 'domains'] as const satisfies readonly (keyof Settings)[];

const settings = readSettings();
const problem = sandboxProblem(settings.sandbox, process.env, pulumi.runtime.getRootDirectory());
if (problem !== undefined) throw new pulumi.RunError(problem);
const aws = usesAws(settings) ? loadAws().composeAws(settings, pulumi.getStack()) : undefined;
const { cluster, applications } = composeKubernetes(settings, aws?.network?.privateSubnetIds);
const applied = Object.entries(applications);

/** What people and other stacks need to know. Parts that a stack does not have are left out. */
const outputs = {
  /** Whether these results, or some of them, come from the sandbox. */
  sandbox: settings.sandbox !== false,
  /** The image that each application runs. */
  images: Object.fromEntries(applied.map(([name, { image }]) => [name, image])),
  /** What the outside calls, by application. */
  urls: Object.fromEntries(applied.filter(([, { urls }]) => urls.length > 0).map(([name, { urls }]) => [name, urls])),
  /** Names inside the cluster, by application. */
  addresses: Object.fromEntries(applied.flatMap(([name, { address }]) => (address ? [[name, address]] : []))),
  /** A secret. */
  kubeconfig: cluster?.kubeconfig,
  clusterEndpoint: cluster?.endpoint,
  /** Base64 of PEM: what clients check the endpoint by. */
  clusterCertificateAuthority: cluster?.certificateAuthority,
  network: aws?.network && {
    vpcId: aws.network.vpcId,
    privateSubnetIds: aws.network.privateSubnetIds,
    publicSubnetIds: aws.network.publicSubnetIds,
    natAddresses: aws.network.natAddresses,
  },
  /** Where to push images, by repository. */
  registry: aws?.registry?.urls,
  /** What a registrar has to be told, by domain. */
  nameServers: aws && Object.fromEntries(aws.domains.map((dns) => [dns.domain, dns.nameServers])),
  /** ARN by domain. */
  certificates: aws?.certificates,
};

module.exports = Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined));

function usesAws(of: Settings): boolean {
  return AWS_SECTIONS.some((section) => of[section] !== undefined);
}

/** Stacks without AWS do not pay for loading its SDK. */
function loadAws(): { composeAws(settings: Settings, stack: string): AwsPart } {
  return require('./compose/aws-part') as typeof import('./compose/aws-part');
}
