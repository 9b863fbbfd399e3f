import { servePluginProcess } from '../../protocol/serve-plugin-process.ts';
import { createProvider } from './provider.ts';

/** The version of the published SDK for which programs are written. */
const SDK_VERSION = '7.48.0';

await servePluginProcess({ createProvider }, { package: 'aws', version: SDK_VERSION });
