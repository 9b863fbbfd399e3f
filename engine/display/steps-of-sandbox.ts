import type { Step } from '../deploy/step.ts';
import { sandboxedPackages, sandboxSetting } from '../plugins/sandboxed-packages.ts';

/** By the stack's configuration: which steps the sandbox serves. What it does is never shown as real. */
export function stepsOfSandbox(config: Readonly<Record<string, string>>): (step: Step) => boolean {
  const isSandboxed = sandboxedPackages(config[sandboxSetting]);
  return ({ provider, type }) => provider !== '' && isSandboxed(type.slice(0, type.indexOf(':')));
}
