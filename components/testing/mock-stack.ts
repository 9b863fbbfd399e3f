import * as pulumi from '@pulumi/pulumi';
import { MockMonitor } from '@pulumi/pulumi/runtime/mocks';

/** One resource as a component registered it: what went over the wire to the engine. */
export interface Registered {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** As the mocks give it: `<name>-id`. */
  readonly id: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** `type::name` of the parent. */
  readonly parent: string;
  /** `type::name` of everything it waits for. */
  readonly dependencies: readonly string[];
  readonly ignoreChanges: readonly string[];
  readonly retainOnDelete: boolean;
  readonly secretInputs: boolean;
  readonly provider: string;
}

/** Everything that a program registered, for looking into. */
export class MockStack {
  readonly resources: readonly Registered[];

  constructor(resources: readonly Registered[]) {
    this.resources = resources;
  }

  ofType(type: string): readonly Registered[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** The only resource of a type. Throws where there are none or several. */
  only(type: string): Registered {
    const found = this.ofType(type);
    if (found.length !== 1) throw new Error(`${found.length} resources of type ${type}, not one`);
    return found[0]!;
  }

  /** `type::name` of everything that has to be there before a resource: what it waits for, and what that waits for. */
  waits(urn: string): readonly string[] {
    const found = new Set<string>();
    const visit = (of: string) => {
      for (const dependency of this.resources.find((one) => one.urn === of)?.dependencies ?? []) {
        if (found.has(dependency)) continue;
        found.add(dependency);
        visit(dependency);
      }
    };
    visit(urn);
    return [...found];
  }

  /** The resource of a type and name. Throws where there is none. */
  named(type: string, name: string): Registered {
    const found = this.ofType(type).find((resource) => resource.name === name);
    if (!found) throw new Error(`no ${type} ${name} among ${this.ofType(type).map((one) => one.name)}`);
    return found;
  }
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getDependenciesList(): string[];
  getIgnorechangesList(): string[];
  getRetainondelete(): boolean;
  getProvider(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
}

/** The mark of a secret on the wire (sdk/go/common/resource/sig/sig.go). */
const SIGNATURE = '1b47061264138c4ac30d75fd1eb44270';

/** Exported by the SDK and left out of its declarations. */
const sdkRuntime = pulumi.runtime as unknown as { waitForRPCs(): Promise<void> };

/** Runs a program against the SDK's mocks, stack `test` of project `estate`, and gives everything that it registered. */
export async function mockStack(program: () => unknown, options: { readonly stack?: string } = {}): Promise<MockStack> {
  const requests: RegisterRequest[] = [];
  const original = MockMonitor.prototype.registerResource;
  await pulumi.runtime.setMocks({ newResource, call }, 'estate', options.stack ?? 'test', false);
  MockMonitor.prototype.registerResource = function (this: MockMonitor, request: RegisterRequest, callback: unknown) {
    requests.push(request);
    return original.call(this, request, callback as never);
  } as typeof original;
  try {
    await program();
  } finally {
    // After a failure too: what is still on its way would end up in the next stack.
    await sdkRuntime.waitForRPCs();
    MockMonitor.prototype.registerResource = original;
  }
  return new MockStack(requests.map(registered));
}

/** The member at a path of names and indexes: `spec.template.spec.containers.0.image`. Undefined where there is none. */
export function at(value: unknown, path: string): unknown {
  return path.split(/(?<!\\)\./).reduce<unknown>((inner, part) => {
    const key = part.replaceAll('\\.', '.');
    return typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined;
  }, value);
}

function registered(request: RegisterRequest): Registered {
  const wire = request.getObject().toJavaScript();
  return {
    urn: short(request.getType(), request.getName()),
    type: request.getType(),
    name: request.getName(),
    id: `${request.getName()}-id`,
    inputs: revealed(wire) as Record<string, unknown>,
    parent: shortUrn(request.getParent()),
    dependencies: request.getDependenciesList().map(shortUrn),
    ignoreChanges: request.getIgnorechangesList(),
    retainOnDelete: request.getRetainondelete(),
    secretInputs: JSON.stringify(wire).includes(SIGNATURE),
    provider: request.getProvider(),
  };
}

/** Secrets as `{secret: value}`, so that a test sees what is one. */
function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, unknown>;
  if (Object.values(members).includes(SIGNATURE)) return { secret: revealed(members.value) };
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, revealed(member)]));
}

function shortUrn(urn: string): string {
  const [, , type = '', name = ''] = urn.split('::');
  return urn === '' ? '' : short(type.split('$').at(-1)!, name);
}

function short(type: string, name: string): string {
  return `${type}::${name}`;
}

async function newResource(args: pulumi.runtime.MockResourceArgs): Promise<pulumi.runtime.MockResourceResult> {
  const id = `${args.name}-id`;
  return { id, state: { ...args.inputs, ...named(args), ...computed(args, id) } };
}

/** Kubernetes and AWS give names where a program gives none. */
function named(args: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  if (!args.type.startsWith('kubernetes:')) return { name: args.inputs.name ?? args.name };
  return { metadata: { name: `${args.name}-0a1b2c3d`, ...args.inputs.metadata } };
}

function computed(args: pulumi.runtime.MockResourceArgs, id: string): Record<string, unknown> {
  const arn = args.type.startsWith('aws:') ? { arn: `arn:aws:test:::${id}` } : {};
  switch (args.type) {
    case 'aws:ec2/vpc:Vpc':
      return { ...arn, ipv6CidrBlock: '2001:db8:12:3400::/56' };
    case 'aws:eks/cluster:Cluster':
      return {
        ...arn,
        endpoint: 'https://cluster.example',
        region: 'eu-central-1',
        certificateAuthority: { data: 'Y2E=' },
        identities: [{ oidcs: [{ issuer: 'https://oidc.example/id/1' }] }],
      };
    case 'aws:acm/certificate:Certificate': {
      const names = [args.inputs.domainName, ...(args.inputs.subjectAlternativeNames ?? [])];
      const domainValidationOptions = names.map((domainName: string) => ({
        domainName,
        resourceRecordName: `_proof.${domainName.replace('*.', '')}`,
        resourceRecordType: 'CNAME',
        resourceRecordValue: '_value.acm.example',
      }));
      return { ...arn, domainValidationOptions };
    }
    case 'aws:ec2/launchTemplate:LaunchTemplate':
      return { ...arn, latestVersion: 1 };
    case 'aws:ecr/repository:Repository':
      return { ...arn, repositoryUrl: `registry.example/${args.inputs.name}` };
    case 'aws:route53/zone:Zone':
      return { ...arn, zoneId: id, nameServers: ['ns-1.example'] };
    default:
      return arn;
  }
}

async function call(args: pulumi.runtime.MockCallArgs): Promise<Record<string, unknown>> {
  switch (args.token) {
    case 'aws:index/getRegion:getRegion':
      return { region: 'eu-central-1' };
    case 'kubernetes:yaml:decode':
    case 'kubernetes:helm:template':
    case 'kubernetes:kustomize:directory':
      return { result: rendered };
    default:
      throw new Error(`unexpected call of ${args.token}`);
  }
}

let rendered: readonly unknown[] = [];

/** What rendering functions of the Kubernetes provider give from now on. */
export function mockRendered(objects: readonly unknown[]): void {
  rendered = objects;
}
