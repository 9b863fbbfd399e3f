import { gateOf } from './gate.ts';
import type { ApprovalSettings } from './gate-settings.ts';
import type { Settings } from './settings.ts';
import type { Stack } from './stack.ts';
import { environmentOf, type Stage } from './stack-order.ts';

/**
 * The stages with the approvals that the base branch asked for before this commit, where it did: whoever changes who has to approve does not change it for
 * that commit itself. Also where a stack is put into another environment. Of several the one that asks for the most people counts, of those the newest.
 */
export function withApprovalsOf(
  earlier: readonly Settings[],
  stages: readonly Stage[],
  stacks: readonly Stack[],
): readonly Stage[] {
  return stages.map((stage) => {
    const here = new Set(stage.groups.flat());
    const concerned = stacks.filter(({ id }) => here.has(id));
    const rules = earlier.flatMap((settings) => concerned.flatMap((stack) => approvalOf(settings, stack) ?? []));
    const approval = rules.toSorted((a, b) => b.count - a.count)[0];
    if (!approval || !stage.gate) return stage;
    return { ...stage, approvals: approval.count, gate: { ...stage.gate, approval } };
  });
}

function approvalOf(settings: Settings, stack: Stack): ApprovalSettings | undefined {
  return gateOf(environmentOf(settings, stack), settings).approval;
}
