/** Sentences by which the documentation of generated SDKs says that a change makes a new resource. */
const REPLACES =
  /(forces?|trigger|require)\w*[^.]{0,40}(new resource|replacement|re-?creat)|re-?creates? the (resource|cluster|table|instance)|destroyed and (re-?)?creat|creates? a new resource|cannot be (changed|modified|updated) (after|once)/i;
/** A sentence with one of these speaks of some changes, not of every one. */
const SOMETIMES = /\b(when|if|unless|disabling|downgrading|decreas\w*|only|from|to (less|more))\b/i;

/** The inputs of `interface NAME` whose documentation says that any change of them makes a new resource. */
export function documentedReplacements(source: string, name: string): ReadonlySet<string> {
  const start = source.indexOf(`interface ${name} {`);
  if (start < 0) return new Set();
  const end = source.indexOf('\n}', start);
  const body = source.slice(start, end < 0 ? undefined : end);
  const properties = [...body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(\w+)\??:/g)];
  return new Set(properties.filter(([, text = '']) => saysReplaced(text)).map(([, , property = '']) => property));
}

function saysReplaced(comment: string): boolean {
  const text = comment.replace(/\s*\n\s*\*\s*/g, ' ');
  return text.split(/(?<=[.!])\s/).some((sentence) => REPLACES.test(sentence) && !SOMETIMES.test(sentence));
}
