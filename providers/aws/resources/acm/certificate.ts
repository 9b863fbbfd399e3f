import type { CertificateDetail } from '@aws-sdk/client-acm';
import type { ExistingCall, PlainMap, ResourceCall, ResourceDefinition } from '../../definition.ts';
import { asList, asMap, asMaps, asText } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';
import { deletePatiently, waitFor } from '../../wait.ts';
import { describeCertificate } from './describe-certificate.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/acm/certificate/ ; imported by its ARN. */
export const certificate: ResourceDefinition = {
  type: 'aws:acm/certificate:Certificate',
  properties: {
    domainName: { kind: 'string', computed: true, replaces: true },
    subjectAlternativeNames: { kind: 'list', computed: true, unordered: true, replaces: true },
    validationMethod: { kind: 'string', computed: true, replaces: true, oneOf: ['DNS', 'EMAIL', 'NONE'] },
    validationOptions: { kind: 'list', replaces: true, writeOnly: true },
    keyAlgorithm: { kind: 'string', computed: true, replaces: true },
    certificateAuthorityArn: { kind: 'string', replaces: true },
    options: { kind: 'object', parts: ['certificateTransparencyLoggingPreference', 'export'], computed: true },
    // A certificate from elsewhere: its parts are never given back.
    certificateBody: { kind: 'string', writeOnly: true },
    certificateChain: { kind: 'string', writeOnly: true },
    privateKey: { kind: 'string', secret: true, writeOnly: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    domainValidationOptions: { kind: 'list', output: true },
    notAfter: { kind: 'string', output: true },
    notBefore: { kind: 'string', output: true },
    pendingRenewal: { kind: 'boolean', output: true },
    renewalEligibility: { kind: 'string', output: true },
    renewalSummaries: { kind: 'list', output: true },
    status: { kind: 'string', output: true },
    type: { kind: 'string', output: true },
    validationEmails: { kind: 'list', output: true },
  },
  validate({ domainName, privateKey, certificateBody, validationMethod, certificateAuthorityArn }) {
    if (domainName && (privateKey || certificateBody)) return ['domainName and privateKey exclude each other.'];
    if (!domainName && !(privateKey && certificateBody))
      return ['domainName is required, or privateKey and certificateBody of a certificate to be imported.'];
    return domainName && !validationMethod && !certificateAuthorityArn
      ? ['validationMethod is required: DNS or EMAIL.']
      : [];
  },
  tags: {
    atCreate: true,
    async set({ aws, id }, tags) {
      await (await aws.client('acm')).addTagsToCertificate({ CertificateArn: id, Tags: toTagList(tags) });
    },
    async remove({ aws, id }, keys) {
      const Tags = keys.map((Key) => ({ Key }));
      await (await aws.client('acm')).removeTagsFromCertificate({ CertificateArn: id, Tags });
    },
  },
  create: (call) => (asText(call.inputs.privateKey) ? importCertificate(call, undefined) : requestCertificate(call)),
  async ready(call) {
    if (asText(call.inputs.privateKey)) return;
    // ACM chooses the records after it has answered.
    await waitFor(`certificate ${call.inputs.domainName} to say how it is proved`, call, async () => {
      const found = await describeCertificate(call);
      const waits = found?.DomainValidationOptions?.some(
        (option) => option.ValidationMethod === 'DNS' && option.ResourceRecord === undefined,
      );
      return found?.DomainValidationOptions && !waits ? true : undefined;
    });
  },
  updates: [
    { properties: ['options'], apply: updateOptions },
    {
      properties: ['certificateBody', 'certificateChain', 'privateKey'],
      apply: async (call) => void (await importCertificate({ ...call, allTags: {} }, call.id)),
    },
  ],
  async read(call) {
    const found = await describeCertificate(call);
    if (!found) return undefined;
    const { Tags } = await (await call.aws.client('acm')).listTagsForCertificate({ CertificateArn: call.id });
    const given = asList(call.inputs.subjectAlternativeNames);
    // ACM puts the name itself among the others, whether the program does or not.
    const others = found.SubjectAlternativeNames?.filter((name) => name !== found.DomainName || given.includes(name));
    return { ...outputsOf(found), subjectAlternativeNames: others ?? [], tags: fromTagList(Tags) };
  },
  async delete(call) {
    const acm = await call.aws.client('acm');
    await deletePatiently(`certificate ${call.id}`, call, () => acm.deleteCertificate({ CertificateArn: call.id }));
  },
};

type Creating = ResourceCall & { readonly allTags: Readonly<Record<string, string>> };

async function requestCertificate({ aws, inputs, allTags }: Creating): Promise<string> {
  const names = asList(inputs.subjectAlternativeNames).filter((name) => name !== inputs.domainName);
  const options = asMaps(inputs.validationOptions);
  const made = await (await aws.client('acm')).requestCertificate({
    DomainName: inputs.domainName as string,
    // ACM takes a second request with the same token within an hour for the first.
    IdempotencyToken: crypto.randomUUID().replaceAll('-', ''),
    ...(names.length > 0 && { SubjectAlternativeNames: names }),
    ...(asText(inputs.validationMethod) && { ValidationMethod: inputs.validationMethod as 'DNS' }),
    ...(asText(inputs.keyAlgorithm) && { KeyAlgorithm: inputs.keyAlgorithm as 'RSA_2048' }),
    ...(asText(inputs.certificateAuthorityArn) && {
      CertificateAuthorityArn: inputs.certificateAuthorityArn as string,
    }),
    ...(options.length > 0 && {
      DomainValidationOptions: options.map(({ domainName, validationDomain }) => ({
        DomainName: asText(domainName),
        ValidationDomain: asText(validationDomain),
      })),
    }),
    ...(inputs.options && { Options: optionsOf(inputs) }),
    ...(Object.keys(allTags).length > 0 && { Tags: toTagList(allTags) }),
  });
  return made.CertificateArn!;
}

async function importCertificate({ aws, inputs, allTags }: Creating, arn: string | undefined): Promise<string> {
  const bytes = (key: string) => new TextEncoder().encode(asText(inputs[key]) ?? '');
  const made = await (await aws.client('acm')).importCertificate({
    Certificate: bytes('certificateBody'),
    PrivateKey: bytes('privateKey'),
    ...(asText(inputs.certificateChain) && { CertificateChain: bytes('certificateChain') }),
    ...(arn && { CertificateArn: arn }),
    ...(Object.keys(allTags).length > 0 && { Tags: toTagList(allTags) }),
  });
  return made.CertificateArn!;
}

function optionsOf({ options }: PlainMap) {
  const { certificateTransparencyLoggingPreference, export: exported } = asMap(options);
  return {
    ...(asText(certificateTransparencyLoggingPreference) && {
      CertificateTransparencyLoggingPreference: certificateTransparencyLoggingPreference as 'ENABLED',
    }),
    ...(asText(exported) && { Export: exported as 'ENABLED' }),
  };
}

async function updateOptions({ aws, id, inputs }: ExistingCall): Promise<void> {
  await (await aws.client('acm')).updateCertificateOptions({ CertificateArn: id, Options: optionsOf(inputs) });
}

function outputsOf(found: CertificateDetail): PlainMap {
  const options = found.DomainValidationOptions ?? [];
  const { CertificateTransparencyLoggingPreference: logging, Export } = found.Options ?? {};
  return {
    domainName: found.DomainName,
    validationMethod: options[0]?.ValidationMethod ?? (found.Type === 'IMPORTED' ? 'NONE' : undefined),
    keyAlgorithm: found.KeyAlgorithm?.replaceAll('-', '_'),
    certificateAuthorityArn: found.CertificateAuthorityArn,
    options: {
      ...(logging && { certificateTransparencyLoggingPreference: logging }),
      ...(Export && { export: Export }),
    },
    arn: found.CertificateArn,
    domainValidationOptions: options.flatMap(({ DomainName = '', ResourceRecord }) =>
      ResourceRecord
        ? [
            {
              domainName: DomainName,
              resourceRecordName: ResourceRecord.Name ?? '',
              resourceRecordType: ResourceRecord.Type ?? '',
              resourceRecordValue: ResourceRecord.Value ?? '',
            },
          ]
        : [],
    ),
    notAfter: found.NotAfter?.toISOString() ?? '',
    notBefore: found.NotBefore?.toISOString() ?? '',
    pendingRenewal: found.RenewalSummary?.RenewalStatus === 'PENDING_VALIDATION',
    renewalEligibility: found.RenewalEligibility,
    renewalSummaries: found.RenewalSummary
      ? [
          {
            renewalStatus: found.RenewalSummary.RenewalStatus ?? '',
            renewalStatusReason: found.RenewalSummary.RenewalStatusReason ?? '',
            updatedAt: found.RenewalSummary.UpdatedAt?.toISOString() ?? '',
          },
        ]
      : [],
    status: found.Status,
    type: found.Type,
    validationEmails: options.flatMap(({ ValidationEmails = [] }) => ValidationEmails),
  };
}
