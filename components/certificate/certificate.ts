import * as acm from '@pulumi/aws/acm';
import * as route53 from '@pulumi/aws/route53';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, stackTags, withTransform } from '../component';
import { validationNames } from './validation-names';

export interface CertificateArgs extends ComponentArgs {
  /** `shop.example` or `*.shop.example`. */
  readonly domain: string;
  /** Further names of the same certificate. */
  readonly otherNames?: readonly string[];
  /** The Route 53 zone in which the names are proved to be ours. */
  readonly zoneId: pulumi.Input<string>;
  /** On every resource that can have some, beside project, stack and name. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** An ACM certificate, proved by DNS, renewed by AWS as long as the records stay. */
export class Certificate extends pulumi.ComponentResource {
  /** Known once the certificate is valid. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: CertificateArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Certificate', name, {}, withTransform(args, options));
    const certificate = new acm.Certificate(
      name,
      {
        domainName: args.domain,
        subjectAlternativeNames: args.otherNames && [...args.otherNames],
        validationMethod: 'DNS',
        tags: stackTags(name, args.tags),
      },
      { parent: this },
    );
    const records = validationNames([args.domain, ...(args.otherNames ?? [])]).map((domain) => {
      const wanted = certificate.domainValidationOptions.apply((all) => {
        const option = all.find(({ domainName }) => domainName.replace(/^\*\./, '') === domain);
        if (!option) throw new Error(`Cannot prove ${domain}: ACM asks for no record for it.`);
        return option;
      });
      return new route53.Record(
        `${name}-${domain}`,
        {
          zoneId: args.zoneId,
          name: wanted.resourceRecordName,
          type: wanted.resourceRecordType,
          records: [wanted.resourceRecordValue],
          ttl: 300,
          allowOverwrite: true,
        },
        { parent: this },
      );
    });
    const validation = new acm.CertificateValidation(
      name,
      { certificateArn: certificate.arn, validationRecordFqdns: records.map(({ fqdn }) => fqdn) },
      { parent: this },
    );
    this.arn = validation.certificateArn;
    this.registerOutputs({ arn: this.arn });
  }
}
