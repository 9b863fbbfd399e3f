import { userError } from '../../foundation/errors.ts';

/** The setting by which a stack asks for the sandbox: `true` for every package, or a list of packages (`["kubernetes"]`, `kubernetes,aws`). */
export const sandboxSetting = 'mainstay:sandbox';

/** Which packages the sandbox stands in for, by the text of the setting. Throws a user error where it is neither a switch nor a list. */
export function sandboxedPackages(setting: string | undefined): (packageName: string) => boolean {
  const text = setting?.trim() ?? '';
  if (text === '' || text === 'true' || text === 'false') return () => text === 'true';
  const names = text.startsWith('[') ? packagesOfJson(text) : text.split(',').map((name) => name.trim());
  if (names.every((name) => /^[a-z][a-z0-9-]*$/.test(name))) return (name) => names.includes(name);
  throw userError(
    `Cannot tell which packages the sandbox stands in for as ${sandboxSetting} is neither true, false nor a list of packages: ${text}. Write it as [kubernetes].`,
  );
}

function packagesOfJson(text: string): readonly string[] {
  try {
    return (JSON.parse(text) as readonly unknown[]).map(String);
  } catch {
    return [text];
  }
}
