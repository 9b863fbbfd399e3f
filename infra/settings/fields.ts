import { z } from 'zod';
import { parseCidr } from '../../components/network/cidr';

/** Names that Kubernetes and AWS both take: a DNS label. */
export const name = z
  .string()
  .regex(
    /^[a-z]([-a-z0-9]{0,51}[a-z0-9])?$/,
    'is not a name: lower-case letters, digits and -, at most 53, beginning with a letter',
  );

/** A name and what it stands for. */
export function named<Value extends z.ZodType>(value: Value) {
  return z.record(name, value);
}

/** A block of addresses whose prefix is within limits. */
export function cidr(shortest: number, longest: number) {
  return z.string().superRefine((text, context) => {
    const problem = cidrProblem(text, { shortest, longest });
    if (problem) context.addIssue({ code: 'custom', message: problem });
  });
}

function cidrProblem(
  text: string,
  prefixes: { readonly shortest: number; readonly longest: number },
): string | undefined {
  const between = `the prefix is between ${prefixes.shortest} and ${prefixes.longest}`;
  if (/\/(\d+)$/.test(text)) {
    const prefix = Number(text.split('/')[1]);
    if (prefix < prefixes.shortest || prefix > prefixes.longest) return `is not a CIDR block: ${between}`;
  }
  try {
    parseCidr(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^"[^"]*" /, '') : String(error);
  }
}

/**
 * A value that is encrypted in the stack's file (`secure: v1:...`). `encrypted` marks it for the JSON schema and for the check
 * that nobody writes it in the clear.
 */
export const encrypted = z.string().meta({ encrypted: true });

/** Kubernetes' notation of CPU: `250m`, `2`. */
export const cpu = z.string().regex(/^\d+(\.\d+)?m?$/, 'is not an amount of CPU: write 250m or 2');
/** Kubernetes' notation of memory and storage: `512Mi`, `20Gi`. */
export const bytes = z
  .string()
  .regex(/^\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$/, 'is not an amount of memory: write 512Mi or 2Gi');
export const port = z.int().min(1).max(65535);
export const host = z
  .string()
  .regex(/^(\*\.)?([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]{2,}$/, 'is not a host name: write shop.example.org');
export const arn = z
  .string()
  .regex(/^arn:aws[\w-]*:[\w-]+:[\w-]*:(\d{12}|aws)?:.+$/, 'is not an ARN: write arn:aws:...');
export const absolutePath = z.string().regex(/^\/./, 'is not an absolute path: begin with /');
