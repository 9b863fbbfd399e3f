/**
 * The sandbox as a plugin process: `main.ts <package> [engine address]`. Prints its port, as Pulumi's engines expect of a plugin
 * (sdk/go/common/resource/plugin in pulumi/pulumi), and serves until it is told to end.
 */
import { serveProvider } from '../../protocol/provider-server.ts';
import { projectRoot } from './faults.ts';
import { createProvider } from './provider.ts';

const [packageName = ''] = process.argv.slice(2);
const provider = await createProvider({
  package: packageName,
  version: '',
  project: process.env.PULUMI_PROJECT ?? '',
  stack: process.env.PULUMI_STACK ?? '',
  organization: process.env.PULUMI_ORGANIZATION || 'organization',
  rootDirectory: projectRoot(process.cwd()),
  environment: process.env,
  log: ({ severity, message, status }) => {
    if (!status || severity === 'error') process.stderr.write(`${message}\n`);
  },
});
const server = await serveProvider(provider);
process.stdout.write(`${server.address.split(':').at(-1)}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    void server
      .close()
      .then(() => provider.close())
      .then(() => process.exit(0));
  });
}
