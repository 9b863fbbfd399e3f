import type { Life } from '../life.ts';
import type { World } from '../world.ts';

/** Route 53 and ACM. */
export const nameLives: readonly Life[] = [
  {
    type: 'aws:route53/zone:Zone',
    inputs: async ({ prefix }) => ({ name: `own.${prefix}.example`, comment: 'one', tags: { Name: 'one' } }),
    live: async ({ route53 }, { id }) => (await route53.getHostedZone({ Id: id })).HostedZone,
    change: (_, inputs) => ({ ...inputs, comment: 'two', tags: { Name: 'two' } }),
    replace: { inputs: ({ prefix }) => ({ name: `other.${prefix}.example` }), properties: ['name'] },
    drift: {
      by: ({ route53 }, { id }) => route53.updateHostedZoneComment({ Id: id, Comment: 'by hand' }),
      properties: ['comment'],
    },
  },
  {
    type: 'aws:route53/record:Record',
    inputs: async (world) => ({
      zoneId: await world.zoneId(),
      name: `www.${world.prefix}.example`,
      type: 'A',
      ttl: 300,
      records: ['192.0.2.1'],
    }),
    live: async (world) => {
      const found = await world.route53.listResourceRecordSets({ HostedZoneId: await world.zoneId() });
      return found.ResourceRecordSets?.find(({ Name }) => Name?.startsWith('www.'));
    },
    change: (_, inputs) => ({ ...inputs, ttl: 60, records: ['192.0.2.1', '192.0.2.2'] }),
    replace: {
      inputs: async (world) => ({
        zoneId: await world.zoneId(),
        name: 'api',
        type: 'A',
        ttl: 300,
        records: ['192.0.2.1'],
      }),
      properties: ['name'],
    },
    drift: {
      by: async (world) =>
        upsert(world, {
          Name: `www.${world.prefix}.example`,
          Type: 'A',
          TTL: 60,
          ResourceRecords: [{ Value: '192.0.2.9' }],
        }),
      properties: ['records'],
    },
  },
  {
    type: 'aws:acm/certificate:Certificate',
    moving: ['status', 'renewalEligibility'],
    inputs: async ({ prefix }) => ({
      domainName: `${prefix}.example`,
      subjectAlternativeNames: [`*.${prefix}.example`],
      validationMethod: 'DNS',
      tags: { Name: 'one' },
    }),
    live: async ({ acm }, { id }) => {
      const { Certificate } = await acm.describeCertificate({ CertificateArn: id });
      return [Certificate?.DomainName, (await acm.listTagsForCertificate({ CertificateArn: id })).Tags];
    },
    change: (_, inputs) => ({ ...inputs, tags: { Name: 'two' } }),
    replace: {
      inputs: ({ prefix }) => ({ domainName: `other.${prefix}.example`, validationMethod: 'DNS' }),
      properties: ['domainName'],
    },
    drift: {
      by: ({ acm }, { id }) => acm.removeTagsFromCertificate({ CertificateArn: id, Tags: [{ Key: 'Name' }] }),
      properties: ['tags', 'tagsAll'],
    },
  },
  {
    type: 'aws:acm/certificateValidation:CertificateValidation',
    motoOnly: 'nobody owns the domain that would prove it',
    inputs: async ({ acm, prefix, later }) => {
      const { CertificateArn } = await acm.requestCertificate({
        DomainName: `v.${prefix}.example`,
        ValidationMethod: 'DNS',
      });
      later(() => acm.deleteCertificate({ CertificateArn }));
      return { certificateArn: CertificateArn! };
    },
    live: async ({ acm }, { outputs }) =>
      (await acm.describeCertificate({ CertificateArn: outputs.certificateArn as string })).Certificate?.Status,
    replace: {
      inputs: () => ({ certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/other' }),
      properties: ['certificateArn'],
    },
    importId: false,
    remains: true,
  },
];

async function upsert(world: World, ResourceRecordSet: object): Promise<void> {
  const Changes = [{ Action: 'UPSERT' as const, ResourceRecordSet: ResourceRecordSet as never }];
  await world.route53.changeResourceRecordSets({ HostedZoneId: await world.zoneId(), ChangeBatch: { Changes } });
}
