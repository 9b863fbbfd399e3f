/** A property's type as far as the sandbox judges values by it. `any`: whatever is said there is not judged. */
export type ValueType =
  | { readonly kind: 'any' | 'string' | 'number' | 'boolean' | 'asset' }
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'array'; readonly of: ValueType }
  | { readonly kind: 'map'; readonly of: ValueType }
  | { readonly kind: 'object'; readonly name: string }
  | { readonly kind: 'union'; readonly of: readonly ValueType[] };

/**
 * Reads a type of a generated Pulumi SDK declaration: `pulumi.Input<pulumi.Input<inputs.ec2.Rule>[] | undefined>`. Wrappers
 * (`Input`, `Output`, `Promise`) and `undefined` are left out. What the grammar of generated SDKs does not have is `any`.
 */
export function parseTypeExpression(text: string): ValueType {
  const alternatives = splitAtTop(text, '|').filter((part) => part !== 'undefined' && part !== '');
  const types = alternatives.map(parseSingle);
  return types.length === 1 ? types[0]! : { kind: 'union', of: types };
}

function parseSingle(text: string): ValueType {
  if (text.endsWith('[]')) return { kind: 'array', of: parseTypeExpression(text.slice(0, -2)) };
  const wrapped = /^(?:pulumi\.)?(?:Input|Output|Promise|Readonly)<([\s\S]*)>$/.exec(text);
  if (wrapped) return parseTypeExpression(wrapped[1]!);
  const parenthesized = /^\(([\s\S]*)\)$/.exec(text);
  if (parenthesized) return parseTypeExpression(parenthesized[1]!);
  const map = /^\{\s*\[\s*key\s*:\s*string\s*\]\s*:\s*([\s\S]*?);?\s*\}$/.exec(text);
  if (map) return { kind: 'map', of: parseTypeExpression(map[1]!) };
  if (text === 'string' || text === 'number' || text === 'boolean') return { kind: text };
  if (text.startsWith('"')) return { kind: 'literal', value: text.slice(1, -1) };
  const named = /^(?:inputs|outputs)\.([\w.]+)$/.exec(text);
  if (named) return { kind: 'object', name: named[1]! };
  return text.startsWith('pulumi.asset.') ? { kind: 'asset' } : { kind: 'any' };
}

/** Splits at a character outside of brackets and quotes, and trims the parts. */
export function splitAtTop(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (character === '"') quoted = !quoted;
    if (quoted) continue;
    if ('<({['.includes(character)) depth++;
    if ('>)}]'.includes(character)) depth--;
    if (character !== separator || depth !== 0) continue;
    parts.push(text.slice(start, index).trim());
    start = index + 1;
  }
  parts.push(text.slice(start).trim());
  return parts;
}
