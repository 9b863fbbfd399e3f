import { containsUnknowns, equalValues, withoutSecrets } from '../../protocol/property-equality.ts';
import type { PropertyValue } from '../../protocol/property-value.ts';

/**
 * Whether a changed `replacementTrigger` asks for a replacement. Null on either side means that there is no trigger; an unknown
 * counts as changed; marks of secrets and outputs do not count.
 */
export function triggerFires(news: PropertyValue | undefined, olds: PropertyValue | undefined): boolean {
  if (containsUnknowns(news ?? null) || containsUnknowns(olds ?? null)) return true;
  const plainNews = withoutSecrets(news ?? null);
  const plainOlds = withoutSecrets(olds ?? null);
  if (plainNews === null || plainOlds === null) return false;
  return !equalValues(plainNews, plainOlds);
}
