/**
 * The sandbox as a plugin process: `main.ts <package> [engine address]`. It calls itself by the version of the package's SDK that is
 * installed, so that engines which compare versions take it.
 */
import { servePluginProcess } from '../../protocol/serve-plugin-process.ts';
import { installedVersion } from './facts/sdk-facts.ts';
import { createProvider } from './provider.ts';

const [packageName = ''] = process.argv.slice(2);
await servePluginProcess(
  { createProvider },
  { package: packageName, version: installedVersion(packageName, process.cwd()) },
);
