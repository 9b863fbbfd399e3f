import { createHash } from 'node:crypto';
import type { FunctionDefinition, PlainMap } from '../definition.ts';
import { asList, asMaps, asText } from '../plain-values.ts';

/**
 * Builds policy JSON from statements. One member is a text and several are a list, as IAM itself writes policies, so that what is read back is the same. Calls
 * nothing.
 */
export const getPolicyDocument: FunctionDefinition = {
  token: 'aws:iam/getPolicyDocument:getPolicyDocument',
  async invoke({ args }) {
    const sources = [...asList(args.sourcePolicyDocuments)].map(
      (text) => JSON.parse(text) as { readonly Statement?: PlainMap | readonly PlainMap[] },
    );
    const overrides = [...asList(args.overridePolicyDocuments)].map(
      (text) => JSON.parse(text) as { readonly Statement?: PlainMap | readonly PlainMap[] },
    );
    const own = asMaps(args.statements).map(statementOf);
    const statements = merge([...sources.flatMap(statementsIn), ...own], overrides.flatMap(statementsIn));
    const policyId = asText(args.policyId);
    const document = {
      Version: asText(args.version) ?? '2012-10-17',
      ...(policyId && { Id: policyId }),
      Statement: statements,
    };
    const json = JSON.stringify(document, null, 2);
    return {
      id: createHash('sha256').update(json).digest('hex').slice(0, 16),
      json,
      minifiedJson: JSON.stringify(document),
      ...args,
    };
  },
};

function statementsIn({ Statement }: { readonly Statement?: PlainMap | readonly PlainMap[] }): readonly PlainMap[] {
  return Statement === undefined
    ? []
    : Array.isArray(Statement)
      ? (Statement as readonly PlainMap[])
      : [Statement as PlainMap];
}

/** A later statement takes the place of an earlier one with its Sid. */
function merge(statements: readonly PlainMap[], overrides: readonly PlainMap[]): readonly PlainMap[] {
  const merged = [...statements];
  for (const override of overrides) {
    const at = override.Sid ? merged.findIndex(({ Sid }) => Sid === override.Sid) : -1;
    if (at >= 0) merged[at] = override;
    else merged.push(override);
  }
  return merged;
}

function statementOf(statement: PlainMap): PlainMap {
  const members = (key: string, name: string) =>
    statement[key] === undefined || statement[key] === null ? {} : { [name]: collapse(asList(statement[key])) };
  const sid = asText(statement.sid);
  const conditions = asMaps(statement.conditions);
  return {
    ...(sid && { Sid: sid }),
    Effect: asText(statement.effect) ?? 'Allow',
    ...members('actions', 'Action'),
    ...members('notActions', 'NotAction'),
    ...members('resources', 'Resource'),
    ...members('notResources', 'NotResource'),
    ...principals(statement.principals, 'Principal'),
    ...principals(statement.notPrincipals, 'NotPrincipal'),
    ...(conditions.length > 0 && { Condition: conditionsOf(conditions) }),
  };
}

function collapse(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? values[0]! : [...values].sort();
}

function principals(value: PlainMap[string], name: string): PlainMap {
  const given = asMaps(value);
  if (given.length === 0) return {};
  const everyone = given.some((one) => one.type === '*' && asList(one.identifiers).includes('*'));
  if (everyone) return { [name]: '*' };
  const byType = Map.groupBy(given, (one) => asText(one.type) ?? '');
  return {
    [name]: Object.fromEntries(
      [...byType].map(([type, ones]) => [type, collapse(ones.flatMap((one) => asList(one.identifiers)))]),
    ),
  };
}

function conditionsOf(conditions: readonly PlainMap[]): PlainMap {
  const tests: Record<string, Record<string, string | readonly string[]>> = {};
  for (const { test, variable, values } of conditions) {
    const operator = asText(test) ?? '';
    tests[operator] = { ...tests[operator], [asText(variable) ?? '']: collapse(asList(values)) };
  }
  return tests;
}
