/**
 * The sandbox as a plugin process: `main.ts <package> [engine address]` (bin/pulumi-resource-*), for stacks that ask for it. It calls itself by the version of the package's SDK that is
 * installed, so that engines which compare versions take it.
 */
import { servePluginProcess } from '../../protocol/serve-plugin-process.ts';
import { installedVersion } from './facts/sdk-facts.ts';
import { createProvider } from './provider.ts';

const [packageName = ''] = process.argv.slice(2);
await servePluginProcess(
  {
    createProvider(context) {
      // The embedded engine says this itself; any other has to be told, and shows it after the run too.
      const message = `sandbox: package ${context.package} is served by the sandbox; nothing real is touched`;
      context.log({ severity: 'warning', message, urn: '' });
      return createProvider(context, { onlyWhereAsked: true });
    },
  },
  { package: packageName, version: installedVersion(packageName, process.cwd()) },
);
