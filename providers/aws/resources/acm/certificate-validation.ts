import { ProviderError } from '../../../../protocol/provider.ts';
import type { ResourceCall, ResourceDefinition } from '../../definition.ts';
import { AwsFailure } from '../../failures.ts';
import { asList, asText } from '../../plain-values.ts';
import { waitFor } from '../../wait.ts';
import { describeCertificate } from './describe-certificate.ts';

/**
 * Nothing of its own: waits until a certificate is proved.
 * https://www.pulumi.com/registry/packages/aws/api-docs/acm/certificatevalidation/ ; cannot be imported.
 */
export const certificateValidation: ResourceDefinition = {
  type: 'aws:acm/certificateValidation:CertificateValidation',
  timeouts: { create: 4500 },
  properties: {
    certificateArn: { kind: 'string', required: true, replaces: true },
    validationRecordFqdns: { kind: 'list', replaces: true, writeOnly: true, unordered: true },
  },
  async create(call) {
    const arn = call.inputs.certificateArn as string;
    await checkNames(call, arn);
    const issued = await waitFor(`certificate ${arn} to be issued`, call, async () => {
      const found = await describeCertificate({ aws: call.aws, id: arn });
      if (found?.Status === 'PENDING_VALIDATION' || found === undefined) return undefined;
      if (found.Status === 'ISSUED') return found;
      const reason = found.FailureReason ? ` (${found.FailureReason})` : '';
      throw new ProviderError(
        `Cannot prove certificate ${arn} as ACM says ${found.Status}${reason}. Check the records in DNS.`,
      );
    });
    return issued.IssuedAt?.toISOString() ?? arn;
  },
  async read({ aws, inputs, state }) {
    const arn = asText(state.certificateArn) ?? asText(inputs.certificateArn) ?? '';
    const found = await describeCertificate({ aws, id: arn });
    return found?.Status === 'ISSUED' ? { certificateArn: arn } : undefined;
  },
  delete: async () => {},
};

/** Names that ACM waits for and nobody makes would make it wait for hours. */
async function checkNames({ aws, inputs }: ResourceCall, arn: string): Promise<void> {
  const given = asList(inputs.validationRecordFqdns).map(bare);
  if (given.length === 0) return;
  const found = await describeCertificate({ aws, id: arn });
  if (!found) throw new AwsFailure('ResourceNotFoundException', `Cannot find certificate ${arn}.`, new Error('gone'));
  const missing = (found.DomainValidationOptions ?? []).flatMap(({ ResourceRecord: record }) =>
    record?.Name && !given.includes(bare(record.Name)) ? [record.Name] : [],
  );
  if (missing.length > 0)
    throw new ProviderError(
      `Cannot prove certificate ${arn} as no record is made for ${[...new Set(missing)].join(', ')}. Add it to validationRecordFqdns.`,
    );
}

function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
