import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Whether `given` is the hexadecimal HMAC-SHA256 of `body`. The time that it takes says nothing about where they differ. */
export function isSigned(body: Uint8Array, secret: string, given: string | null): boolean {
  if (given === null || !/^[0-9a-f]{64}$/i.test(given)) return false;
  return timingSafeEqual(createHmac('sha256', secret).update(body).digest(), Buffer.from(given, 'hex'));
}

/** Whether two secrets are the same, in constant time whatever their lengths. */
export function isSame(secret: string, given: string | null): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return given !== null && timingSafeEqual(hash(secret), hash(given));
}
