import { isDeepStrictEqual } from 'node:util';
import type { Incomparable } from './compare-engines.ts';
import type { OperationReport } from './operation-report.ts';
import type { Operation } from './scenario-data.ts';

interface Compared {
  readonly expected: OperationReport;
  readonly actual: OperationReport;
  readonly asked: Operation;
}

/** What our engine does otherwise on purpose, as docs/decisions/041 says, each with exactly how it shows. */
const known: readonly (readonly [Incomparable, (compared: Compared) => boolean])[] = [
  ['it repeated a renamed resource under its old name', repeatsRenamed],
  ['it imported or forgot beyond the targets', goesBeyondTargets],
  ['it kept the wrong one of several condemned resources of one name', keepsAnotherCondemned],
  ['it kept the wrong one of several providers of one name', keepsAnotherProvider],
  ['it kept the wrong one of several condemned resources of one name', leavesCondemned],
  ['it forgot a managed resource that a look-up took the place of', forgetsManaged],
  ['it deleted what a left-out resource needs', deletesWhatIsNeeded],
  ['it imported all inputs where some were asked for', importsAllInputs],
  ['it judged the stack of an update that it had refused', judgesRefused],
  ['it looked up what needs a resource that is not there', readsBeyondTargets],
  ['it made a second time what existed', makesTwice],
  ['it kept the errors of a first try', keepsFirstErrors],
  ['it did not heed dependents in a refresh with the program', refreshesDependents],
];

export function knownDifference(
  expected: OperationReport,
  actual: OperationReport,
  asked: Operation,
): Incomparable | undefined {
  return known.find(([, isIt]) => isIt({ expected, actual, asked }))?.[0];
}

/**
 * With targets, the official engine keeps a renamed resource a second time under its old name where something that is left out
 * depends on it: an update then ends with a state that it refuses, a preview shows the step.
 */
function repeatsRenamed({ expected, actual }: Compared): boolean {
  const more = without(expected.steps, actual.steps);
  const isRepeated = (step: string): boolean =>
    step.startsWith('same ') && actual.steps.some((other) => other.split(' ')[1] === otherName(step.split(' ')[1]!));
  return more.length > 0 && without(actual.steps, expected.steps).length === 0 && more.every(isRepeated);
}

/**
 * With targets, a resource that gives way to a look-up under its URN is forgotten by the official engine when its delete is not in
 * scope, and imports are carried out whether they are targeted or not.
 */
function goesBeyondTargets({ expected, asked: { targets, excludes = [] } }: Compared): boolean {
  return targets.length + excludes.length > 0 && expected.steps.some((step) => /^(read-replacement|import)/.test(step));
}

/** After a failure, of two condemned resources of one URN the one that something refers to stays; the official engine takes the last. */
function keepsAnotherCondemned({ expected, actual }: Compared): boolean {
  // The states are sorted by URN already.
  const anonymous = (report: OperationReport): unknown[] =>
    report.state.map((resource) => (resource.delete ? { urn: resource.urn, delete: true } : resource));
  return (
    expected.result === 'failed' &&
    !isDeepStrictEqual(expected.state, actual.state) &&
    isDeepStrictEqual(expected.steps, actual.steps) &&
    isDeepStrictEqual(expected.calls, actual.calls) &&
    isDeepStrictEqual(anonymous(expected), anonymous(actual))
  );
}

/** With `--continue-on-error`, of two condemned resources of one URN the official engine may leave one for later, although nothing needs it. */
function leavesCondemned({ expected, actual, asked }: Compared): boolean {
  const left = expected.state
    .filter(({ delete: condemned }) => condemned)
    .map(({ urn }) => String(urn).split('::').at(-1));
  const rest = [...expected.steps];
  const more = actual.steps.filter((step) => {
    const at = rest.indexOf(step);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  const isLeft = (step: string): boolean =>
    /^(delete|discard)-replaced/.test(step) && left.includes(step.split(' ')[1]);
  return (
    asked.continueOnError && expected.result === 'failed' && rest.length === 0 && more.length > 0 && more.every(isLeft)
  );
}

/** A look-up under the URN of a managed resource, in an update that fails before the deletes: ours keeps the managed one for the next time. */
function forgetsManaged({ expected, actual }: Compared): boolean {
  const replaced = expected.steps.flatMap((step) => /^read-replacement (\S+)/.exec(step)?.[1] ?? []);
  const isForgotten = (resource: OperationReport['state'][number]): boolean =>
    resource.delete === true && replaced.includes(String(resource.urn).split('::').at(-1)!);
  return (
    expected.result === 'failed' &&
    isDeepStrictEqual(expected.steps, actual.steps) &&
    !isDeepStrictEqual(expected.state, actual.state) &&
    isDeepStrictEqual(
      expected.state.filter((resource) => !isForgotten(resource)),
      actual.state.filter((resource) => !isForgotten(resource)),
    )
  );
}

/** What could not be deleted keeps the provider of the id that it refers to; the official engine looks for any of the URN. */
function keepsAnotherProvider({ expected, actual }: Compared): boolean {
  const { delete: _expected, ...others } = expected.changes;
  const { delete: _actual, ...ownOthers } = actual.changes;
  return (
    expected.result === 'failed' &&
    isDeepStrictEqual(expected.steps, actual.steps) &&
    !isDeepStrictEqual(expected.changes, actual.changes) &&
    isDeepStrictEqual(others, ownOthers)
  );
}

/** A resource that is left out as something failed stays in the state, and with it what it needs there. */
function deletesWhatIsNeeded({ expected, actual, asked }: Compared): boolean {
  const more = without(expected.steps, actual.steps);
  const needed = actual.state.flatMap(({ dependencies = [], parent = '' }) => [...(dependencies as string[]), parent]);
  const isNeeded = (step: string): boolean =>
    /^(delete|discard)/.test(step) &&
    [step.split(' ')[1]!, otherName(step.split(' ')[1]!)].some((name) =>
      needed.some((urn) => String(urn).endsWith(`::${name}`)),
    );
  return asked.continueOnError && expected.result === 'failed' && more.length > 0 && more.every(isNeeded);
}

/** `properties` of an import file say what becomes inputs; the official engine checks those and keeps all. */
function importsAllInputs({ expected, actual, asked: { imports = [], kind } }: Compared): boolean {
  const partly = imports.flatMap(({ name, properties }) => (properties ? [`::${name}`] : []));
  const unlikely = ({ state }: OperationReport): unknown[] =>
    state.map((one) => (partly.some((end) => String(one.urn).endsWith(end)) ? { ...one, inputs: undefined } : one));
  return (
    kind === 'import' &&
    partly.length > 0 &&
    isDeepStrictEqual(expected.steps, actual.steps) &&
    isDeepStrictEqual(expected.calls, actual.calls) &&
    isDeepStrictEqual(unlikely(expected), unlikely(actual))
  );
}

/** With targets, a look-up that needs what is not made: the official engine lets a preview pass, and refuses the state after the update. */
function readsBeyondTargets({ expected, actual, asked: { targets, kind } }: Compared): boolean {
  const refused = actual.messages.flatMap(
    (text) => /'\S+::(\S+)' depends on '\S+' which was was not/.exec(text)?.[1] ?? [],
  );
  return (
    kind === 'preview' &&
    targets.length > 0 &&
    actual.result === 'failed' &&
    refused.length > 0 &&
    refused.every((name) => expected.steps.some((step) => step.startsWith('read') && step.split(' ')[1] === name))
  );
}

/** Deletes beyond the targets are refused, and the update fails: the official engine asks the policies of the stack all the same. */
function judgesRefused({ expected, actual, asked: { policies, targets } }: Compared): boolean {
  const others = ({ calls }: OperationReport): unknown[] => calls.filter((call) => !call.startsWith('analyzeStack '));
  return (
    policies !== undefined &&
    targets.length > 0 &&
    expected.result === 'failed' &&
    actual.messages.some((message) => message.includes('was not specified in --target list')) &&
    isDeepStrictEqual(expected.steps, actual.steps) &&
    isDeepStrictEqual(expected.state, actual.state) &&
    isDeepStrictEqual(others(expected), others(actual))
  );
}

/** A create that failed in part and is tried again for an error hook makes a second thing: nobody knows of the first one any more. */
function makesTwice({ expected, actual }: Compared): boolean {
  return (
    expected.messages.some((text) => text.includes('retrying create due to on-error hook')) &&
    actual.messages.some((text) => text.startsWith('not retrying create as an on-error hook asks'))
  );
}

/** An update that failed in part and was tried again with success, for an error hook, is done; the official state says that it is not. */
function keepsFirstErrors({ expected, actual }: Compared): boolean {
  const plain = (report: OperationReport): unknown[] => report.state.map((one) => ({ ...one, initErrors: undefined }));
  return (
    expected.messages.some((text) => text.includes('due to on-error hook')) &&
    isDeepStrictEqual(expected.steps, actual.steps) &&
    isDeepStrictEqual(expected.calls, actual.calls) &&
    isDeepStrictEqual(plain(expected), plain(actual)) &&
    actual.state.every(
      ({ initErrors }, index) => !initErrors || isDeepStrictEqual(initErrors, expected.state[index]?.initErrors),
    )
  );
}

/**
 * With `--run-program`, a refresh by the official engine takes `--exclude-dependents` and `--target-dependents` to be about what an excluded or
 * targeted resource needs (GenerateRefreshes, pkg/resource/deploy/step_generator.go): it reads dependents that are excluded, and leaves
 * targeted ones out.
 */
function refreshesDependents({ expected, actual, asked }: Compared): boolean {
  const { kind, runProgram, targets, targetDependents, excludes = [], excludeDependents } = asked;
  const constrained = (targets.length > 0 && targetDependents) || (excludes.length > 0 && excludeDependents);
  const apart = [...without(expected.steps, actual.steps), ...without(actual.steps, expected.steps)];
  return (
    kind === 'refresh' &&
    runProgram === true &&
    constrained === true &&
    apart.length > 0 &&
    apart.every((step) => step.startsWith('refresh '))
  );
}

/** The name of the same place after a rename: states refer by the new one, steps of what is left behind by the old one. */
function otherName(name: string): string {
  return name.startsWith('old') ? name.replace('old', 'new') : name.replace('new', 'old');
}

function without(steps: readonly string[], others: readonly string[]): readonly string[] {
  return steps.filter((step) => !others.includes(step));
}
