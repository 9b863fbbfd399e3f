import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { messageOf, systemCode, userError } from '../../foundation/errors.ts';
import { isPropertyMap, type PropertyMap } from '../../protocol/property-value.ts';
import { setKey } from '../../protocol/struct-marks.ts';
import type { EnforcementLevel } from '../deploy/resource-analyzer.ts';
import { type AnalyzerInfo, enforcementLevels } from './policy-messages.ts';

/** What is set for one policy. Both parts may be missing. */
export interface PolicyConfig {
  readonly enforcementLevel?: EnforcementLevel;
  readonly properties?: PropertyMap;
}

/** By name of the policy; `all` sets the level of every policy. */
export type PolicyConfigs = Readonly<Record<string, PolicyConfig>>;

/**
 * Reads the file of `--policy-pack-config`: JSON, by policy a level or an object of `enforcementLevel` and settings
 * (pkg/resource/analyzer/config.go). Rejects with a user error that names file and policy. An empty file sets nothing.
 */
export async function readPolicyConfig(file: string): Promise<PolicyConfigs> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const why = systemCode(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw userError(`Cannot read the configuration of a policy pack as ${why}: ${file}.`, { cause: error });
  }
  if (text.trim() === '') return {};
  const place = { file };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw userError(`Cannot read the configuration of a policy pack as it is not JSON: ${messageOf(error)}.`, {
      place,
      cause: error,
    });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw userError('Cannot read the configuration of a policy pack as it is no object of policies.', { place });
  }
  const configs: Record<string, PolicyConfig> = {};
  for (const [name, value] of Object.entries(parsed)) setKey(configs, name, policyConfigOf(name, value, file));
  return configs;
}

function policyConfigOf(name: string, value: unknown, file: string): PolicyConfig {
  const refuse = (why: string, what: unknown) =>
    userError(`Cannot configure the policy "${name}" as ${why}: ${JSON.stringify(what)}.`, { place: { file } });
  if (name === 'environments') throw refuse('environments of Pulumi Cloud are not supported by this engine', value);
  if (typeof value === 'string') {
    if (!isLevel(value)) throw refuse(`the level is none of ${enforcementLevels.join(', ')}`, value);
    return { enforcementLevel: value };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('the value is neither a level nor an object', value);
  }
  const { enforcementLevel, ...properties } = value as Readonly<Record<string, unknown>>;
  if (enforcementLevel !== undefined && !isLevel(enforcementLevel)) {
    throw refuse(`the enforcementLevel is none of ${enforcementLevels.join(', ')}`, enforcementLevel);
  }
  // What came from JSON holds nothing but property values.
  return { enforcementLevel, properties: properties as PropertyMap };
}

function isLevel(value: unknown): value is EnforcementLevel {
  return enforcementLevels.some((level) => level === value);
}

/**
 * The configuration of a pack: defaults of its schemas and levels, over them what the pack's program sets itself, over that `given`.
 * Throws a user error that lists every setting that its schema refuses.
 */
export function reconcilePolicyConfig(info: AnalyzerInfo, given: PolicyConfigs): PolicyConfigs {
  const configs = [initialOf(info), given].reduce(applyConfig, defaultsOf(info));
  const problems = info.policies.flatMap((policy) => validate(policy, configs[policy.name ?? '']));
  if (problems.length === 0) return configs;
  throw userError(
    `Cannot use the configuration of the policy pack ${info.name} as it is not valid: ${problems.sort().join('; ')}.`,
  );
}

function defaultsOf(info: AnalyzerInfo): PolicyConfigs {
  const configs: Record<string, PolicyConfig> = {};
  for (const { name = '', enforcementLevel = 0, configSchema } of info.policies) {
    const schemas = Object.entries(configSchema?.properties ?? {});
    const defaults = schemas.flatMap(([key, schema]) =>
      isPropertyMap(schema) && schema.default !== undefined ? [[key, schema.default] as const] : [],
    );
    setKey(configs, name, {
      enforcementLevel: enforcementLevels[enforcementLevel],
      properties: Object.fromEntries(defaults),
    });
  }
  return configs;
}

function initialOf(info: AnalyzerInfo): PolicyConfigs {
  const entries = Object.entries(info.initialConfig).map(([name, config]) => {
    const enforcementLevel = enforcementLevels[config?.enforcementLevel ?? 0];
    return [name, { enforcementLevel, properties: config?.properties }] as const;
  });
  return Object.fromEntries(entries);
}

function applyConfig(configs: PolicyConfigs, changes: PolicyConfigs): PolicyConfigs {
  const result: Record<string, PolicyConfig> = { ...configs };
  const { enforcementLevel: forAll } = changes.all ?? {};
  if (forAll !== undefined) {
    for (const [name, config] of Object.entries(result)) setKey(result, name, { ...config, enforcementLevel: forAll });
  }
  for (const [name, change] of Object.entries(changes)) {
    const former = result[name];
    setKey(result, name, {
      enforcementLevel: change.enforcementLevel ?? former?.enforcementLevel,
      properties: { ...former?.properties, ...change.properties },
    });
  }
  return result;
}

type PolicyInfo = AnalyzerInfo['policies'][number];

function validate({ name, configSchema }: PolicyInfo, config: PolicyConfig | undefined): string[] {
  if (configSchema === undefined) return [];
  const { properties = {}, required = [] } = configSchema;
  // Packs may use formats and keywords that a strict validator does not know: those constrain nothing.
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
  const check = ajv.compile({ type: 'object', properties, required });
  if (check(config?.properties ?? {})) return [];
  return (check.errors ?? []).map(({ instancePath, message }) => {
    const path = instancePath.slice(1).replaceAll('/', '.');
    return `${name}: ${path === '' ? '' : `${path} `}${message}`;
  });
}
