import { project, stack } from './program.ts';

/** Any resource of this name, wherever its parent is. */
export function pattern(name: string): string {
  return `urn:pulumi:${stack}::${project}::**::${name}`;
}

/** What an operation did, in a form that two engines can be compared by. */
export interface OperationReport {
  readonly result: 'succeeded' | 'failed';
  /** `op name {detailed diff}` of every step that was begun, by URN in order of appearance; sorted by URN. */
  readonly steps: readonly string[];
  readonly changes: Readonly<Record<string, number>>;
  /** Violations and remediations, sorted. */
  readonly policies: readonly string[];
  /** Calls that the provider got, sorted. */
  readonly calls: readonly string[];
  /** The resources of the state, and what it says is under way. */
  readonly state: readonly Readonly<Record<string, unknown>>[];
  /** What the engine said when it failed; not compared. */
  readonly messages: readonly string[];
}

/** Fields of a resource in a checkpoint that say nothing about what was done. */
const ignoredFields = ['created', 'modified', 'sourcePosition', 'stackTrace'];

const randomIds = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;

export function normalizeCalls(calls: readonly string[]): string[] {
  return calls.map((call) => call.replaceAll(randomIds, 'uuid')).sort();
}

/** The resources of a checkpoint, without times and with random ids and ciphertexts made alike. */
export function normalizeState(resources: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown>[] {
  const text = JSON.stringify(resources)
    .replaceAll(randomIds, 'uuid')
    .replaceAll(/"ciphertext":"[^"]*"/g, '"ciphertext":"..."');
  const parsed = JSON.parse(text) as Record<string, unknown>[];
  const plain = parsed.map((resource) =>
    Object.fromEntries(
      Object.entries(resource)
        .filter(([key]) => !ignoredFields.includes(key))
        .map(([key, value]) => [key, key === 'propertyDependencies' ? withoutEmpty(value) : sortedList(value)])
        .filter(([, value]) => !isEmpty(value))
        .sort(([one], [other]) => (one! < other! ? -1 : 1)),
    ),
  );
  const rank = (resource: Record<string, unknown>): string =>
    JSON.stringify([resource.urn, resource.delete, resource.id]);
  return plain.sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Dependencies have no order. */
function sortedList(value: unknown): unknown {
  return isList(value) ? [...value].sort() : value;
}

/** The official engine drops properties without dependencies where it rewrites the references of a resource. */
function withoutEmpty(value: unknown): unknown {
  return Object.fromEntries(Object.entries(value as object).filter(([, urns]) => !isEmpty(urns)));
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

interface SeenPolicy {
  readonly resourceUrn?: string;
  readonly policyName: string;
  readonly enforcementLevel?: string;
  readonly message?: string;
}

/** What the JSON form of an event says of policies. */
export function policyOf(event: Readonly<Record<string, unknown>>): string[] {
  const seen = (event.policyEvent ?? event.policyRemediationEvent) as SeenPolicy | undefined;
  if (!seen) return [];
  const name = seen.resourceUrn?.split('::').at(-1) ?? '';
  const what = event.policyEvent ? `${seen.enforcementLevel} ${seen.message?.trim()}` : 'remedied';
  return [`${seen.policyName} ${name}: ${what}`];
}

export interface SeenStep {
  readonly op: string;
  readonly urn: string;
  readonly detailedDiff: Readonly<Record<string, { readonly kind: string; readonly inputDiff: boolean }>> | undefined;
  readonly keys: readonly string[];
}

/** Steps of one URN stay in their order; URNs are sorted. */
export function normalizeSteps(steps: readonly SeenStep[]): string[] {
  const shown = steps
    .filter(({ urn }) => !urn.includes('pulumi:providers:') && !urn.includes('pulumi:pulumi:Stack'))
    .map(({ op, urn, detailedDiff, keys }, index) => {
      const name = urn.slice(urn.lastIndexOf('::') + 2);
      const diffs = Object.entries(detailedDiff ?? {}).map(
        ([path, { kind, inputDiff }]) => `${path} ${kind} ${inputDiff}`,
      );
      const blamed = keys.length > 0 ? ` [${[...keys].sort()}]` : '';
      return { name, index, text: `${op} ${name}${blamed}${diffs.length > 0 ? ` {${diffs.sort().join(', ')}}` : ''}` };
    });
  return shown
    .sort((one, other) => (one.name === other.name ? one.index - other.index : one.name < other.name ? -1 : 1))
    .map(({ text }) => text)
    .reduce<string[]>(sortDeletes, []);
}

/** Deletes that may run at the same time begin in any order. */
function sortDeletes(sorted: string[], text: string): string[] {
  const last = sorted.at(-1);
  const isDelete = (step: string | undefined): boolean => step !== undefined && /^(delete|discard)/.test(step);
  const swaps = isDelete(last) && isDelete(text) && last!.split(' ')[1] === text.split(' ')[1] && text < last!;
  return swaps ? [...sorted.slice(0, -1), text, last!] : [...sorted, text];
}
