// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of Pulumi.
import { userError } from '../../foundation/errors.ts';
import { getAt, parsePath } from '../../protocol/property-path.ts';
import { generateName } from '../deploy/autonaming/generate-name.ts';
import type { Autonamer } from '../deploy/deployment-options.ts';
import { urnName } from '../deploy/urn.ts';
import type { StackConfig } from '../project/stack-config.ts';

/** Where `${organization}`, `${project}` and `${stack}` come from. */
export interface NamingScope {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
}

/** What one entry of the setting says of a resource; undefined: what the provider does by itself. */
type Rule = Autonamer;

const setting = 'pulumi:autonaming';
const providerRule: Rule = () => undefined;

/**
 * What the setting `pulumi:autonaming` says of names (pkg/cmd/pulumi/autonaming, pkg/resource/autonaming). The most specific entry wins: type, then
 * provider, then all. Undefined: no such setting. Throws a user error for anything that is unknown or contradicts itself.
 */
export function autonamerOf(config: StackConfig, scope: NamingScope): Autonamer | undefined {
  const text = config.values[setting];
  if (text === undefined) return undefined;
  const reader = new NamingReader(config, scope);
  const section = reader.members(config.objectKeys.has(setting) ? JSON.parse(text) : text, '', [
    ...ruleKeys,
    'providers',
  ]);
  const fallback = reader.rule(section, '') ?? providerRule;
  const providers = new Map<string, ProviderNaming>();
  for (const [name, value] of Object.entries(reader.members(section.providers ?? {}, 'providers'))) {
    providers.set(name, reader.provider(value, { path: `providers.${name}`, fallback }));
  }
  return (resource) => {
    const provider = providers.get(resource.type.split(':')[0]!);
    const specific = provider && (provider.resources.get(resource.type) ?? provider.rule);
    const naming = (specific ?? fallback)(resource);
    // Said of a provider or a type, it is meant.
    return naming && { ...naming, warnIfUnsupported: naming.warnIfUnsupported || specific !== undefined };
  };
}

interface ProviderNaming {
  readonly rule: Rule;
  /** By type. */
  readonly resources: ReadonlyMap<string, Rule>;
}

type Members = Readonly<Record<string, unknown>>;

const ruleKeys = ['mode', 'pattern', 'enforce'] as const;

/** Reads the parts of the setting; `path` is where a part is, for errors. */
class NamingReader {
  readonly #config: StackConfig;
  readonly #scope: NamingScope;

  constructor(config: StackConfig, scope: NamingScope) {
    this.#config = config;
    this.#scope = scope;
  }

  members(value: unknown, path: string, known?: readonly string[]): Members {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'is not an object', value);
    const unknown = known && Object.keys(value).find((key) => !known.includes(key));
    if (unknown !== undefined) fail(path, `has an unknown key (known are ${known!.join(', ')})`, unknown);
    return value as Members;
  }

  provider(value: unknown, { path, fallback }: { readonly path: string; readonly fallback: Rule }): ProviderNaming {
    const section = this.members(value, path, [...ruleKeys, 'resources']);
    const resources = Object.entries(this.members(section.resources ?? {}, `${path}.resources`)).map(
      ([type, entry]): [string, Rule] => {
        const place = `${path}.resources.${type}`;
        const rule = this.rule(this.members(entry, place, ruleKeys), place);
        return [type, rule ?? fail(place, 'has neither mode nor pattern', entry)];
      },
    );
    return { rule: this.rule(section, path) ?? fallback, resources: new Map(resources) };
  }

  /** Undefined: the section says nothing. */
  rule({ mode, pattern, enforce }: Members, path: string): Rule | undefined {
    const enforced = enforce ?? undefined;
    if (enforced !== undefined && typeof enforced !== 'boolean')
      fail(path, 'has an enforce that is not true or false', enforced);
    if (mode !== undefined && (pattern !== undefined || enforced !== undefined))
      fail(path, 'has both a mode and a pattern or enforce', mode);
    if (pattern !== undefined) {
      if (typeof pattern !== 'string') fail(path, 'has a pattern that is not a text', pattern);
      return patternRule(this.#resolve(pattern, path), enforced === true);
    }
    if (enforced !== undefined) fail(path, 'has enforce without a pattern', enforced);
    return mode === undefined ? undefined : modeRule(mode, path);
  }

  /** Fills in what does not depend on the resource. */
  #resolve(pattern: string, path: string): string {
    const { organization, project, stack } = this.#scope;
    return pattern
      .replaceAll('${organization}', () => organization)
      .replaceAll('${project}', () => project)
      .replaceAll('${stack}', () => stack)
      .replace(/\$\{config\.([^}]+)\}/g, (expression: string, key: string) => {
        const value = this.#configValue(key);
        return (
          value ??
          fail(path, `takes a name from a setting that the stack does not have (${project}:${key})`, expression)
        );
      });
  }

  #configValue(path: string): string | undefined {
    const [first = '', ...rest] = parsePath(path);
    const key = `${this.#scope.project}:${first}`;
    const text = this.#config.values[key];
    if (text === undefined || rest.length === 0) return text;
    const value = this.#config.objectKeys.has(key) ? getAt(JSON.parse(text), rest) : undefined;
    return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
  }
}

const withoutRandomPart = { deleteBeforeReplace: true, warnIfUnsupported: false } as const;

function modeRule(mode: unknown, path: string): Rule {
  switch (mode) {
    case 'default':
      return providerRule;
    case 'verbatim':
      return ({ urn }) => ({ ...withoutRandomPart, proposedName: urnName(urn), mode: 'enforce' });
    case 'disabled':
      return () => ({ ...withoutRandomPart, proposedName: '', mode: 'disable' });
    default:
      return fail(path, 'has an unknown mode (known are default, verbatim, disabled)', mode);
  }
}

function patternRule(pattern: string, enforce: boolean): Rule {
  return ({ urn, randomSeed }) => {
    const { name, random } = generateName(pattern, urnName(urn), randomSeed);
    const mode = enforce ? 'enforce' : 'propose';
    return { proposedName: name, mode, deleteBeforeReplace: !random, warnIfUnsupported: enforce };
  };
}

function fail(path: string, why: string, value: unknown): never {
  const place = path === '' ? 'it' : path;
  throw userError(
    `Cannot use the setting ${setting} as ${place} ${why}: ${JSON.stringify(value)}. Correct it in the stack's file.`,
  );
}
