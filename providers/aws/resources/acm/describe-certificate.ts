import type { CertificateDetail } from '@aws-sdk/client-acm';
import type { ExistingCall } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';

/** A certificate by its ARN; undefined if it is not there. */
export async function describeCertificate({
  aws,
  id,
}: Pick<ExistingCall, 'aws' | 'id'>): Promise<CertificateDetail | undefined> {
  return (await unlessGone((await aws.client('acm')).describeCertificate({ CertificateArn: id })))?.Certificate;
}
