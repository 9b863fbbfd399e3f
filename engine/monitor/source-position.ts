import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RegisterRequest } from './monitor-messages.ts';

/** `project:///index.ts#12,3`: relative to the project, so that states do not differ by where it is checked out (source_eval.go, parseSourcePosition). */
export function sourcePositionOf(rootDirectory: string, position: RegisterRequest['sourcePosition']): string {
  if (!position?.uri?.startsWith('file://')) return '';
  const path = relative(rootDirectory, fileURLToPath(position.uri)).replaceAll('\\', '/');
  const escaped = path.split('/').map(escapeSegment).join('/');
  return `project:///${escaped}#${position.line ?? 0}${position.column ? `,${position.column}` : ''}`;
}

/** What Go's net/url leaves alone in a path is more than encodeURIComponent does. */
function escapeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(/%(24|26|2B|2C|3A|3B|3D|40)/g, (code) => decodeURIComponent(code));
}
