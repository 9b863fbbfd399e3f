import { asMap } from '../../plain-values.ts';
import { companion } from './companion.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketversioning/ */
export const bucketVersioning = companion({
  type: 'aws:s3/bucketVersioning:BucketVersioning',
  properties: {
    versioningConfiguration: { kind: 'object', required: true, parts: ['status'], computedParts: ['mfaDelete'] },
  },
  validate: ({ versioningConfiguration }) => {
    const { status } = asMap(versioningConfiguration);
    return ['Enabled', 'Suspended', 'Disabled'].includes(String(status))
      ? []
      : [`versioningConfiguration.status is Enabled, Suspended or Disabled, not ${status}.`];
  },
  async write({ aws, id, inputs }) {
    const { status } = asMap(inputs.versioningConfiguration);
    // A bucket that never had versions has nothing to be switched off.
    if (status === 'Disabled') return;
    const VersioningConfiguration = { Status: status as 'Enabled' };
    await (await aws.client('s3')).putBucketVersioning({ Bucket: id, VersioningConfiguration });
  },
  async read({ aws, id }) {
    const { Status, MFADelete } = await (await aws.client('s3')).getBucketVersioning({ Bucket: id });
    const versioningConfiguration = { status: Status ?? 'Disabled', mfaDelete: MFADelete ?? 'Disabled' };
    return { versioningConfiguration };
  },
  async remove({ aws, id, inputs }) {
    if (asMap(inputs.versioningConfiguration).status === 'Disabled') return;
    const VersioningConfiguration = { Status: 'Suspended' as const };
    await (await aws.client('s3')).putBucketVersioning({ Bucket: id, VersioningConfiguration });
  },
});
