import * as pulumi from '@pulumi/pulumi';
import { type Settings, settingsSchema } from './schema';

/** The settings of the stack that the program runs for. Throws one error that lists every mistake. */
export function readSettings(): Settings {
  const values: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(pulumi.runtime.allConfig())) {
    if (key.startsWith('mainstay:')) values[key.slice('mainstay:'.length)] = parsed(text);
  }
  const result = settingsSchema.safeParse(values);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new pulumi.RunError(`Cannot use the settings of this stack:\n  ${lines.join('\n  ')}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
