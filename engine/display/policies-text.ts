import { diffProperties } from '../../protocol/property-diff.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { EngineEvent } from '../deploy/events.ts';
import { parseUrn } from '../deploy/urn.ts';
import type { Colors } from './colors.ts';
import { diffLines, type PropertyStyle } from './property-text.ts';
import { typeName } from './type-name.ts';

export type Violation = EngineEvent & { readonly kind: 'policy-violation' };
export type Remediation = EngineEvent & { readonly kind: 'policy-remediation' };

/** What is said of policies at the end of an operation. */
export interface PolicyReport {
  /** Names as events have them (`name|local|path`), and versions. */
  readonly packs: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly remediations: readonly Remediation[];
}

export interface PolicyStyle {
  readonly colors: Colors;
  readonly showUrns: boolean;
  /** Each remediation with what it changed; otherwise how many resources each policy has changed. */
  readonly showRemediations: boolean;
}

const inner = '        ';

/** `Policies:`: every pack that ran, with what it changed and what it found (pkg/backend/display/progress.go, printPolicies). */
export function policyLines({ packs, violations, remediations }: PolicyReport, style: PolicyStyle): string[] {
  const paths = localPaths(packs);
  const keys = new Set([...paths.keys(), ...violations.map(packOf), ...remediations.map(packOf)]);
  if (keys.size === 0) return [];
  const lines = [...keys].sort().flatMap((key) => {
    const found = violations.filter((one) => packOf(one) === key);
    const local = paths.get(key) ?? [];
    const place = local.length > 0 ? ` (local: ${local.toSorted().join('; ')})` : '';
    return [
      `    ${verdict(found)} ${style.colors.info(key)}${place}`,
      ...remediationLines(
        remediations.filter((one) => packOf(one) === key),
        style,
      ),
      ...found.toSorted(compareViolations).flatMap((one) => violationLines(one, style)),
    ];
  });
  return [style.colors.heading('Policies:'), ...lines, ''];
}

/** `Policy Packs run:`, the table that a detailed diff ends with: there, what they found stands among the steps. */
export function policyPackTable(packs: Readonly<Record<string, string>>, colors: Colors): string[] {
  const rows = Object.entries(packs).map(([name, version]) => [name.split('|')[0]!, version] as const);
  if (rows.length === 0) return [];
  const width = Math.max('Name'.length, ...rows.map(([name]) => name.length));
  const lines = rows.map(([name, version]) => `    ${name.padEnd(width)}  ${version}`);
  return [colors.heading('Policy Packs run:'), `    ${'Name'.padEnd(width)}  Version`, ...lines, ''];
}

/** A violation among the steps of a detailed diff. */
export function violationAmongSteps(violation: Violation, style: PolicyStyle): string[] {
  const [head, ...message] = violationLines(violation, style);
  const texts = message.map((text) => text.slice(2));
  return [`    ${style.colors.info(packOf(violation))} ${head!.trim().slice(2)}`, ...texts];
}

/** A remediation among the steps of a detailed diff, with all that it changed. */
export function remediationAmongSteps(one: Remediation, style: PolicyStyle & PropertyStyle): string[] {
  const diff = changed(one);
  if (!diff) return [];
  const name = style.colors.info(`[remediate]  ${one.policyName}`);
  return [`    ${style.colors.info(packOf(one))} ${name}${where(one.urn, style)}`, ...diffLines(diff, 2, style)];
}

function packOf({ policyPackName, policyPackVersion }: Violation | Remediation): string {
  return `${policyPackName}@v${policyPackVersion}`;
}

function localPaths(packs: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  for (const [name, version] of Object.entries(packs)) {
    const [base, , path] = name.split('|');
    const key = `${base}@v${version}`;
    paths.set(key, [...(paths.get(key) ?? []), ...(path === undefined ? [] : [path])]);
  }
  return paths;
}

function verdict(violations: readonly Violation[]): string {
  if (violations.some((one) => one.enforcementLevel === 'mandatory')) return '❌';
  return violations.length > 0 ? '⚠️' : '✅';
}

function remediationLines(remediations: readonly Remediation[], style: PolicyStyle): string[] {
  const { colors, showRemediations } = style;
  const head = (name: string) => `${inner}- ${colors.info(`[remediate]  ${name}`)}`;
  if (!showRemediations) {
    const counts = Map.groupBy(remediations, (one) => one.policyName);
    return [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, all]) => `${head(name)}  (${all.length} resource${all.length === 1 ? '' : 's'})`);
  }
  return remediations.flatMap((one) => {
    const diff = changed(one);
    if (!diff) return [];
    const parts = [
      ['+', diff.adds],
      ['-', diff.deletes],
      ['~', diff.updates],
    ] as const;
    const texts = parts.map(([sign, part]) => {
      const keys = Object.keys(part).sort();
      return keys.length === 0 ? '' : `${sign}${keys.join(',')}`;
    });
    return [`${head(one.policyName)}${where(one.urn, style)} [diff: ${texts.join('')}]`];
  });
}

function changed({ before, after }: Remediation) {
  return diffProperties(before as PropertyMap, after as PropertyMap);
}

function compareViolations(a: Violation, b: Violation): number {
  const keys = (one: Violation) => [rankOf(one), one.policyName, one.urn] as const;
  const [left, right] = [keys(a), keys(b)];
  const differing = left.findIndex((part, index) => part !== right[index]);
  return differing < 0 ? 0 : left[differing]! < right[differing]! ? -1 : 1;
}

/** What forbids comes first. */
function rankOf({ enforcementLevel }: Violation): number {
  return ['mandatory', 'remediate', 'advisory'].indexOf(enforcementLevel);
}

function violationLines(one: Violation, style: PolicyStyle): readonly string[] {
  const { colors } = style;
  const paint = one.enforcementLevel === 'mandatory' ? colors.error : colors.warning;
  const texts = one.message.replace(/\n$/, '').split('\n');
  const head = paint(`[${one.enforcementLevel}]  ${one.policyName}`);
  return [`${inner}- ${head}${where(one.urn, style)}`, ...texts.map((text) => `${inner}  ${text}`)];
}

function where(urn: string, { showUrns }: PolicyStyle): string {
  if (urn === '') return '';
  const { type, name } = parseUrn(urn);
  return `  (${typeName(type)}: ${showUrns ? urn : name})`;
}
