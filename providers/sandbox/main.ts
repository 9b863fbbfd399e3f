/**
 * The providers of this repository as a plugin process: `main.ts <package> [engine address]` (bin/pulumi-resource-*), the sandbox for stacks that ask for
 * it. It calls itself by the version of the package's SDK that is installed, so that engines which compare versions take it.
 */
import { servePluginProcess } from '../../protocol/serve-plugin-process.ts';
import { installedVersion } from './facts/sdk-facts.ts';
import { createProviderAsAsked } from './provider-as-asked.ts';

const [packageName = ''] = process.argv.slice(2);
await servePluginProcess(
  { createProvider: async (context) => createProviderAsAsked(context) },
  { package: packageName, version: installedVersion(packageName, process.cwd()) },
);
