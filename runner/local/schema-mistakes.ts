import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { LineCounter, parseDocument } from 'yaml';
import { formatPlace, messageOf } from '../../foundation/errors.ts';
import { type Mistake, mistakeLines, unknownName } from '../core/settings-mistakes.ts';
import { folderOf, joinPath, type SourceTree } from '../core/source-tree.ts';

/** How editors are told of a schema: in a comment, by a path from the file (or an address, which is not asked for here). */
const SCHEMA_COMMENT = /^#\s*yaml-language-server:\s*\$schema=(\S+)/m;

/**
 * What is wrong with a YAML file by its syntax, and by the JSON schema that a comment of the file names where that is in the repository too. One
 * line for each mistake: `stacks/Pulumi.dev.yaml:3:5 config.mainstay:network is unknown. …`.
 */
export async function schemaMistakes(tree: SourceTree, file: string): Promise<readonly string[]> {
  const text = await tree.read(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0)
    return document.errors.map((error) => {
      const at = lines.linePos(error.pos[0]);
      return `${formatPlace({ file, line: at.line, column: at.col })} ${error.message}`;
    });
  const named = SCHEMA_COMMENT.exec(text)?.[1];
  if (named === undefined || /^[a-z]+:/i.test(named)) return [];
  const path = joinPath(folderOf(file), named);
  if (path === undefined || !tree.files.has(path))
    return [`${file}:1:1 names a schema that is not in the repository: ${named}. Correct the comment.`];
  const mistakes = judge(await tree.read(path), document.toJS() ?? {});
  if (typeof mistakes === 'string') return [`${path} Cannot use the schema of ${file}: ${mistakes}. Correct it.`];
  return mistakeLines(mistakes, { file, document, lines });
}

function judge(schema: string, content: unknown): readonly Mistake[] | string {
  try {
    const check = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, verbose: true }).compile(
      JSON.parse(schema),
    );
    if (check(content)) return [];
    const errors = check.errors ?? [];
    const telling = errors.filter(tellsSomething);
    return (telling.length > 0 ? telling : errors).map(mistakeOf);
  } catch (error) {
    return messageOf(error);
  }
}

/** `anyOf` and its kin only say that none of their parts holds; the parts are there too. */
function tellsSomething({ keyword }: ErrorObject): boolean {
  return !['anyOf', 'oneOf', 'if', 'not'].includes(keyword);
}

function mistakeOf(error: ErrorObject): Mistake {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  if (error.keyword === 'additionalProperties') {
    const name = String(error.params.additionalProperty);
    const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
    return { path: [...path, name], message: unknownName(name, known), atName: true };
  }
  const value = typeof error.data === 'object' ? '' : `${JSON.stringify(error.data)} `;
  return { path, message: `${value}${error.message ?? 'is not what it can be'}` };
}
