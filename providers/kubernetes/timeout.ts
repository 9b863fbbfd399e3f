import { annotations } from './annotations.ts';
import { annotationOf, type KubeObject } from './object.ts';

/** The provider's own limit for waiting, as the official one's. */
export const DEFAULT_TIMEOUT_SECONDS = 600;

/** Seconds to wait: the resource option customTimeouts, the annotation `pulumi.com/timeoutSeconds`, or ten minutes. */
export function timeoutOf(requested: number, inputs: KubeObject): number {
  if (requested > 0) return requested;
  const annotated = Number(annotationOf(inputs, annotations.timeoutSeconds));
  return Number.isInteger(annotated) && annotated > 0 ? annotated : DEFAULT_TIMEOUT_SECONDS;
}
