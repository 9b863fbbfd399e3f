import { servePluginProcess } from '../../protocol/serve-plugin-process.ts';
import { createProvider } from './provider.ts';

/** The version of the published SDK for which programs are written. */
const SDK_VERSION = '4.34.2';

await servePluginProcess({ createProvider }, { package: 'kubernetes', version: SDK_VERSION });
