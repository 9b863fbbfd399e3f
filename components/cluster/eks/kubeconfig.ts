import type * as eks from '@pulumi/aws/eks';
import * as pulumi from '@pulumi/pulumi';

/** A kubeconfig that asks AWS for a token at each use: it holds no credential of its own. */
export function kubeconfigOf(cluster: eks.Cluster): pulumi.Output<string> {
  return pulumi
    .all([cluster.name, cluster.endpoint, cluster.certificateAuthority, cluster.region])
    .apply(([name, server, authority, region]) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': name,
        clusters: [{ name, cluster: { server, 'certificate-authority-data': authority.data } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
        users: [
          {
            name,
            user: {
              exec: {
                apiVersion: 'client.authentication.k8s.io/v1',
                interactiveMode: 'Never',
                command: 'aws',
                args: ['--region', region, 'eks', 'get-token', '--cluster-name', name],
              },
            },
          },
        ],
      }),
    );
}
