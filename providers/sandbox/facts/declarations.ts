import { parseTypeExpression, splitAtTop, type ValueType } from './type-expression.ts';

export interface Property {
  readonly type: ValueType;
  readonly required: boolean;
}

export type Properties = Readonly<Record<string, Property>>;

/** The properties of `interface NAME` in a generated declaration file, or undefined if it is not there. */
export function interfaceProperties(source: string, name: string): Properties | undefined {
  const start = new RegExp(`(?:^|\\s)interface ${name}(?: extends [^{]*)? \\{`).exec(source);
  return start ? bodyProperties(source, start.index + start[0].length) : undefined;
}

/** The output properties of `class NAME` (its `readonly` fields of type `pulumi.Output`). */
export function classOutputs(source: string, name: string): Properties | undefined {
  const start = new RegExp(`class ${name} extends [^{]*\\{`).exec(source);
  return start ? bodyProperties(source, start.index + start[0].length, 'readonly ') : undefined;
}

/** The members between an opening brace (before `start`) and its closing one. */
export function bodyProperties(source: string, start: number, marker = ''): Properties {
  const body = withoutComments(source.slice(start, closingBrace(source, start)));
  const properties: Record<string, Property> = {};
  for (const member of splitAtTop(body, ';')) {
    const match = /^(readonly )?"?([\w$:.-]+)"?(\?)?:\s*([\s\S]+)$/.exec(member);
    if (!match || (marker !== '' && !match[1])) continue;
    const text = match[4]!;
    const optional = match[3] === '?' || /\|\s*undefined\s*>?$/.test(text);
    properties[match[2]!] = { type: parseTypeExpression(text), required: !optional };
  }
  return properties;
}

/** Where each interface of a `types/input.d.ts` starts: `core.v1.PodSpec` -> offset after its opening brace. */
export function indexInterfaces(source: string): ReadonlyMap<string, number> {
  const index = new Map<string, number>();
  const namespaces: { readonly name: string; readonly indent: number }[] = [];
  const pattern = /^( *)(?:export (?:declare )?)?(namespace|interface) (\w+)[^\n]*\{$/gm;
  for (const match of source.matchAll(pattern)) {
    const indent = match[1]!.length;
    while (namespaces.length > 0 && namespaces.at(-1)!.indent >= indent) namespaces.pop();
    const path = [...namespaces.map(({ name }) => name), match[3]!].join('.');
    if (match[2] === 'namespace') namespaces.push({ name: match[3]!, indent });
    else index.set(path, match.index + match[0].length);
  }
  return index;
}

function closingBrace(source: string, start: number): number {
  const pattern = /\/\*[\s\S]*?\*\/|"[^"\n]*"|[{}]/g;
  pattern.lastIndex = start;
  let depth = 1;
  for (let match = pattern.exec(source); match; match = pattern.exec(source)) {
    if (match[0] === '{') depth++;
    if (match[0] === '}' && --depth === 0) return match.index;
  }
  return source.length;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '');
}
