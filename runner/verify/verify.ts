import type { VerifySettings } from '../core/gate-settings.ts';
import { commandCheck } from './command-check.ts';
import { httpCheck } from './http-check.ts';
import { kubernetesJobCheck } from './kubernetes-job-check.ts';
import { prometheusCheck } from './prometheus-check.ts';
import type { Verification, VerifyContext } from './verifier.ts';

/** Makes one check of whatever kind. */
export function verify(check: VerifySettings, context: VerifyContext): Promise<Verification> {
  switch (check.kind) {
    case 'command':
      return commandCheck(check, context);
    case 'http':
      return httpCheck(check, context);
    case 'kubernetes-job':
      return kubernetesJobCheck(check, context);
    case 'prometheus':
      return prometheusCheck(check, context);
  }
}
