import { serveProvider } from '../../protocol/provider-server.ts';
import { createProvider } from './provider.ts';

/** Serves the provider as a plugin process: prints the port as the first line of standard output, as the protocol wants it. */
const provider = await createProvider({
  package: 'kubernetes',
  version: '',
  project: process.env.PULUMI_PROJECT ?? '',
  stack: process.env.PULUMI_STACK ?? '',
  organization: process.env.PULUMI_ORGANIZATION ?? '',
  rootDirectory: process.cwd(),
  environment: process.env,
  log: ({ severity, message }) => {
    if (severity === 'warning' || severity === 'error') console.error(message);
  },
});
const served = await serveProvider(provider);
console.log(served.address.slice(served.address.lastIndexOf(':') + 1));
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void served.close().finally(() => process.exit(0));
  });
