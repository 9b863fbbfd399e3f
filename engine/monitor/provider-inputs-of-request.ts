import { isPropertyMap, type PropertyMap, type PropertyValue } from '../../protocol/property-value.ts';
import type { DefaultProviderRequest } from '../plugins/default-providers.ts';
import { internalKey } from '../plugins/provider-inputs.ts';
import type { RegisterRequest } from './monitor-messages.ts';
import { type PackageTable, packageOfToken } from './packages.ts';

export function isProviderType(type: string): boolean {
  return type.startsWith('pulumi:providers:');
}

/**
 * A provider resource keeps in its inputs what it takes to find its plugin again: the version beside its settings, the rest under
 * `__internal`, which is there as soon as there is anything (pkg/resource/deploy/providers/registry.go). What the request says comes first, then
 * the package that it refers to; where it says nothing, it is what the default provider of the package is made of.
 */
export function withProviderInputs(request: RegisterRequest, inputs: PropertyMap, packages: PackageTable): PropertyMap {
  if (!isProviderType(request.type)) return inputs;
  const described = request.packageRef === '' ? undefined : packages.requestFor(request.type, request);
  const asked = request.version !== '' || request.pluginDownloadUrl !== '';
  const fallback = asked ? undefined : packages.defaultOf(packageOfToken(request.type));
  const version = fallback?.version || described?.parameterization?.version || described?.version || request.version;
  const given = inputs[internalKey];
  const internal: Record<string, PropertyValue> = {
    ...(isPropertyMap(given) && given),
    ...(request.pluginDownloadUrl !== '' && { pluginDownloadURL: request.pluginDownloadUrl }),
    ...(Object.keys(request.envVarMappings).length > 0 && { envVarMappings: request.envVarMappings }),
    ...(described && packageInputs(described)),
    ...(fallback && fallback.pluginDownloadURL !== '' && { pluginDownloadURL: fallback.pluginDownloadURL }),
  };
  if (version === '' && Object.keys(internal).length === 0) return inputs;
  return { ...inputs, ...(version !== '' && { version }), [internalKey]: internal };
}

function packageInputs(described: DefaultProviderRequest): PropertyMap {
  const { pluginDownloadURL, pluginChecksums, parameterization } = described;
  const sums = Object.entries(pluginChecksums ?? {}).map(([platform, sum]) => [
    platform,
    Buffer.from(sum).toString('hex'),
  ]);
  return {
    ...(pluginDownloadURL !== '' && { pluginDownloadURL }),
    ...(sums.length > 0 && { pluginChecksums: Object.fromEntries(sums) as PropertyMap }),
    ...(parameterization && {
      name: described.package,
      ...(described.version !== '' && { version: described.version }),
      parameterization: Buffer.from(parameterization.value).toString('base64'),
    }),
  };
}
