/** A type as people know it: `aws:s3:Bucket` of `aws:s3/bucket:Bucket` (sdk/go/common/tokens, Type.DisplayName). */
export function typeName(type: string): string {
  const [, packageName, module, file, name] = /^([^:]*):([^:]*)\/([^:/]*):([^:]+)$/.exec(type) ?? [];
  if (packageName === undefined || module === undefined || name === undefined) return type;
  return file === camelCase(name) ? `${packageName}:${module}:${name}` : type;
}

function camelCase(name: string): string {
  const first = name.codePointAt(0)!;
  const head = String.fromCodePoint(first);
  return head.toLowerCase() + name.slice(head.length);
}
