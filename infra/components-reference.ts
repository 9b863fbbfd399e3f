import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as ts from 'typescript';

const COMPONENTS = join(__dirname, '..', 'components');

/** One argument or output, as the source declares it. */
export interface Documented {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  /** Empty where the source says nothing. */
  readonly text: string;
}

/** A component, or one of the objects that its arguments are made of. */
export interface ReferenceSection {
  readonly name: string;
  readonly text: string;
  readonly arguments: readonly Documented[];
  readonly outputs: readonly Documented[];
}

/** Every component that `components/index.ts` gives out, and every object that the arguments of a component name, in their order. */
export function componentSections(): readonly ReferenceSection[] {
  return componentFiles().flatMap(({ name, file }) => {
    const sources = sourcesBeside(file);
    const component = sources.flatMap(classes).find((declared) => declared.name?.text === name);
    if (!component) throw new Error(`Cannot document component ${name} as ${file} declares no such class.`);
    const interfaces = new Map(sources.flatMap(interfacesOf).map((declared) => [declared.name.text, declared]));
    const aliases = new Map(sources.flatMap(aliasesOf).map((declared) => [declared.name.text, declared]));
    const own = new Set<string>();
    collect(`${name}Args`, { interfaces, aliases }, own);
    const [first, ...others] = [...own].map((one) => interfaces.get(one)!).filter(Boolean);
    const main = own.has(`${name}Args`) && interfaces.has(`${name}Args`) ? first : undefined;
    const section = {
      name,
      text: docOf(component),
      arguments: main ? membersOf(main) : [],
      outputs: component.members.filter(isOutput).map(documented),
    };
    const rest = main ? others : [first!, ...others];
    return [
      section,
      ...rest.map((one) => ({ name: one.name.text, text: docOf(one), arguments: membersOf(one), outputs: [] })),
    ];
  });
}

/** A Markdown page of all components: what they take and what they give. */
export function componentsPage(): string {
  const sections = componentSections().map((section) => {
    const depth = section.outputs.length > 0 ? '##' : '###';
    const parts = [`${depth} ${section.name}`, section.text];
    if (section.arguments.length > 0) parts.push(table('argument', section.arguments));
    if (section.outputs.length > 0) parts.push(table('output', section.outputs));
    return parts.filter((part) => part !== '').join('\n\n');
  });
  return `# Components: arguments and outputs

Generated from \`components/\` by \`infra/generate-reference.ts\`; do not edit. Required arguments are **bold**. Every component also takes
\`transform\`, and Pulumi's options for components. How to use them: [components.md](../components.md).

${sections.join('\n\n')}
`;
}

function table(kind: string, rows: readonly Documented[]): string {
  const lines = rows.map(({ name, type, optional, text }) => {
    const label = optional || kind === 'output' ? `\`${name}\`` : `**\`${name}\`**`;
    return `| ${label} | \`${escaped(type)}\` | ${escaped(text)} |`;
  });
  return [`| ${kind} | type | |`, '|---|---|---|', ...lines].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}

function componentFiles(): readonly { readonly name: string; readonly file: string }[] {
  const index = readFileSync(join(COMPONENTS, 'index.ts'), 'utf8');
  const lines = [...index.matchAll(/^export \{ (\w+)\b[^}]*\} from '\.\/(.+)';$/gm)];
  return lines.map(([, name = '', file = '']) => ({ name, file: `${file}.ts` }));
}

/** A component's own folder, and the folders in it. */
function sourcesBeside(file: string): readonly ts.SourceFile[] {
  const folder = join(COMPONENTS, dirname(file));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!\.test)\.ts$/.test(name),
  );
  return files
    .sort()
    .map((name) => ts.createSourceFile(name, readFileSync(join(folder, name), 'utf8'), ts.ScriptTarget.ES2022, true));
}

const classes = (source: ts.SourceFile) => source.statements.filter(ts.isClassDeclaration);
const interfacesOf = (source: ts.SourceFile) => source.statements.filter(ts.isInterfaceDeclaration);
const aliasesOf = (source: ts.SourceFile) => source.statements.filter(ts.isTypeAliasDeclaration);

interface Declarations {
  readonly interfaces: ReadonlyMap<string, ts.InterfaceDeclaration>;
  readonly aliases: ReadonlyMap<string, ts.TypeAliasDeclaration>;
}

/** Names of all interfaces of the folder that a declaration speaks of, itself first, each once. */
function collect(name: string, declared: Declarations, into: Set<string>): void {
  const node = declared.interfaces.get(name) ?? declared.aliases.get(name);
  if (!node || into.has(name)) return;
  into.add(name);
  const visit = (child: ts.Node): void => {
    if (ts.isTypeReferenceNode(child) || ts.isExpressionWithTypeArguments(child)) {
      const mentioned = ts.isTypeReferenceNode(child) ? child.typeName : child.expression;
      collect(mentioned.getText(), declared, into);
    }
    ts.forEachChild(child, visit);
  };
  ts.forEachChild(node, visit);
}

function membersOf(declared: ts.InterfaceDeclaration): readonly Documented[] {
  return declared.members.filter(ts.isPropertySignature).map(documented);
}

function isOutput(member: ts.ClassElement): member is ts.PropertyDeclaration {
  return ts.isPropertyDeclaration(member) && !ts.isPrivateIdentifier(member.name) && member.type !== undefined;
}

function documented(member: ts.PropertySignature | ts.PropertyDeclaration): Documented {
  const type = (member.type?.getText() ?? '')
    .replace(/\breadonly /g, '')
    .replace(/\s+/g, ' ')
    .replace(/\/\*\*.*?\*\/ ?/g, '');
  return { name: member.name.getText(), type, optional: member.questionToken !== undefined, text: docOf(member) };
}

function docOf(node: ts.Node): string {
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(comments.at(-1)?.comment) ?? '';
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
