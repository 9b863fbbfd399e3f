import type { DeploymentContext } from './deployment-context.ts';
import type { TargetSet } from './target-set.ts';

/** Reports targets that neither the old state nor the program knows. False: there are such. Globs may match nothing. */
export function checkTargets({ base, ledger, reporter }: DeploymentContext, targets: TargetSet): boolean {
  const unknown = targets.literals.filter((urn) => base.findAll(urn).length === 0 && !ledger.urns.has(urn));
  for (const urn of unknown) {
    const hint = urn.includes('$') ? '' : ' Did you forget to escape $ in your shell?';
    reporter.error('', `Target '${urn}' could not be found in the stack.${hint}`);
  }
  return unknown.length === 0;
}
