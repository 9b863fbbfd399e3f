import { randomUUID } from 'node:crypto';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StackFrame } from '../deploy/resource-state.ts';
import type { RegisterRequest } from './monitor-messages.ts';

type WirePosition = RegisterRequest['sourcePosition'];
/** What a request says of the place in the program that made it. */
type Positioned = Pick<RegisterRequest, 'sourcePosition' | 'stackTrace'> & { readonly parentStackTraceHandle?: string };

/** Where registrations come from, kept for those that a provider makes in the course of one (source_eval.go, sourcePositions). */
export class SourcePositions {
  readonly #rootDirectory: string;
  /** Stacks of the remote components and methods that run, by the handle that their provider was given. */
  readonly #parents = new Map<string, readonly StackFrame[]>();

  constructor(rootDirectory: string) {
    this.#rootDirectory = rootDirectory;
  }

  /** A place that cannot be told is left out: it is for people, and nothing is decided by it. */
  of(request: Positioned): { readonly sourcePosition: string; readonly stackTrace: readonly StackFrame[] } {
    const parent = this.#parents.get(request.parentStackTraceHandle ?? '') ?? [];
    return {
      sourcePosition: sourcePositionOf(this.#rootDirectory, request.sourcePosition),
      stackTrace: [...parent, ...(this.#frames(request) ?? [])],
    };
  }

  /** Runs what calls a provider with a handle for the request's stack; the handle ends with it. '' where the request has no stack. */
  async during<Result>(request: Positioned, run: (handle: string) => Promise<Result>): Promise<Result> {
    if (this.#frames(request) === undefined) return run('');
    const handle = randomUUID();
    this.#parents.set(handle, this.of(request).stackTrace);
    try {
      return await run(handle);
    } finally {
      this.#parents.delete(handle);
    }
  }

  #frames({ stackTrace }: Positioned): readonly StackFrame[] | undefined {
    return stackTrace?.frames?.map(({ pc }) => {
      const sourcePosition = sourcePositionOf(this.#rootDirectory, pc);
      return sourcePosition === '' ? {} : { sourcePosition };
    });
  }
}

/** `project:///index.ts#12,3`: relative to the project, so that states do not differ by where it is checked out (source_eval.go, parseSourcePosition). */
export function sourcePositionOf(rootDirectory: string, position: WirePosition): string {
  const { line = 0, column = 0 } = position ?? {};
  const file = pathOf(position?.uri);
  if (file === undefined || line < 0 || column < 0) return '';
  const path = relative(rootDirectory, file).replaceAll('\\', '/');
  const escaped = path.split('/').map(escapeSegment).join('/');
  return `project:///${escaped}#${line}${column ? `,${column}` : ''}`;
}

function pathOf(uri = ''): string | undefined {
  if (!uri.startsWith('file://')) return undefined;
  try {
    const path = fileURLToPath(uri);
    return isAbsolute(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** What Go's net/url leaves alone in a path is more than encodeURIComponent does. */
function escapeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(/%(24|26|2B|2C|3A|3B|3D|40)/g, (code) => decodeURIComponent(code));
}
