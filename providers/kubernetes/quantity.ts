/**
 * The canonical form of a quantity, as the API server writes it: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`
 * (k8s.io/apimachinery/pkg/api/resource). Texts that are no quantities come back as they are.
 */
export function canonicalQuantity(text: string): string {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', suffix = '', exponent] = match;
  if (whole === '' && fraction === '') return text;
  const digits = BigInt(whole + fraction || '0') * (sign === '-' ? -1n : 1n);
  if (digits === 0n) return '0';
  if (suffix.endsWith('i'))
    return binaryForm(digits * 1024n ** BigInt('KMGTPE'.indexOf(suffix[0]!) + 1), fraction.length);
  const power = exponent === undefined ? DECIMAL_POWERS[suffix]! : Number(exponent);
  return decimalForm(digits, power - fraction.length, exponent !== undefined);
}

const DECIMAL_POWERS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

/** `scaled` bytes times ten to the power of `decimals`. */
function binaryForm(scaled: bigint, decimals: number): string {
  const divisor = 10n ** BigInt(decimals);
  if (scaled % divisor !== 0n) return decimalForm(scaled, -decimals, false);
  let value = scaled / divisor;
  // Small numbers of bytes are written without a binary suffix.
  if (value > -1024n && value < 1024n) return decimalForm(value, 0, false);
  let steps = 0;
  while (steps < 6 && value % 1024n === 0n) {
    value /= 1024n;
    steps += 1;
  }
  return `${value}${steps === 0 ? '' : `${'KMGTPE'[steps - 1]}i`}`;
}

/** `digits` times ten to the `power`: the shortest form without a fraction whose power is a multiple of three. */
function decimalForm(digits: bigint, power: number, asExponent: boolean): string {
  let value = digits;
  let exponent = power;
  while (value % 10n === 0n) {
    value /= 10n;
    exponent += 1;
  }
  // Nothing finer than nano exists: such values are rounded up.
  while (exponent < -9) {
    value = value / 10n + (value % 10n > 0n ? 1n : 0n);
    exponent += 1;
  }
  while (exponent % 3 !== 0 || exponent > 18) {
    value *= 10n;
    exponent -= 1;
  }
  if (asExponent) return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  const suffix = Object.entries(DECIMAL_POWERS).find(([, candidate]) => candidate === exponent)![0];
  return `${value}${suffix}`;
}
