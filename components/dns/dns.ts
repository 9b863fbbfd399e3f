import * as route53 from '@pulumi/aws/route53';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, stackTags, withTransform } from '../component';
import { fullName, type RecordSettings, recordKey, recordValues } from './record-plan';

export interface DnsArgs extends ComponentArgs {
  /** `shop.example`. */
  readonly domain: string;
  /** A zone that is there already; left out, the zone is made here. */
  readonly zoneId?: pulumi.Input<string>;
  /** A zone that only these networks see. Default: public. */
  readonly privateTo?: readonly pulumi.Input<string>[];
  /** What its names lead to. */
  readonly records?: readonly RecordArgs[];
  /** On every resource that can have some, beside project, stack and name. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A name and what it leads to. */
export interface RecordArgs extends Omit<RecordSettings, 'values'> {
  /** All of them are answered: `192.0.2.1`, `mail.example.`, a text. */
  readonly values: readonly pulumi.Input<string>[];
}

/** A Route 53 zone and its records. */
export class Dns extends pulumi.ComponentResource {
  /** As it was given. */
  readonly domain: string;
  /** Of the zone that was made, or was there already. */
  readonly zoneId: pulumi.Output<string>;
  /** What the registrar has to be told; empty for a zone that was there already. */
  readonly nameServers: pulumi.Output<string[]>;

  constructor(name: string, args: DnsArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Dns', name, {}, withTransform(args, options));
    this.domain = args.domain;
    const zone = args.zoneId === undefined ? this.#createZone(name, args) : undefined;
    this.zoneId = zone?.zoneId ?? pulumi.output(args.zoneId!);
    this.nameServers = zone?.nameServers ?? pulumi.output([]);
    for (const record of args.records ?? []) {
      new route53.Record(
        `${name}-${recordKey(record)}`,
        {
          zoneId: this.zoneId,
          name: fullName(record.name, args.domain),
          type: record.type,
          ttl: record.ttl ?? 300,
          records: pulumi.all([...record.values]).apply((values) => [...recordValues(record.type, values)]),
        },
        { parent: this },
      );
    }
    this.registerOutputs({ zoneId: this.zoneId, nameServers: this.nameServers });
  }

  #createZone(name: string, args: DnsArgs): route53.Zone {
    return new route53.Zone(
      name,
      {
        name: args.domain,
        comment: `stack ${pulumi.getStack()}`,
        vpcs: args.privateTo?.map((vpcId) => ({ vpcId })),
        forceDestroy: false,
        tags: stackTags(name, args.tags),
      },
      { parent: this },
    );
  }
}
