import { diffLines, diffWordsWithSpace } from 'diff';
import { useMemo } from 'react';
import type { PropertyChangeResponse } from '../../runner/api/responses.ts';
import { valueText } from './format.ts';

/** Longer texts are compared by line alone, as words of two books cost seconds. */
const LONGEST_BY_WORD = 2000;

/** The properties that change, each with what is taken away and what comes. */
export function PropertyDiffs({ changes }: { readonly changes: readonly PropertyChangeResponse[] }) {
  if (changes.length === 0) return null;
  return (
    <table className="diff">
      <tbody>
        {changes.map((change) => (
          <tr key={change.path}>
            <th scope="row">
              <code>{change.path}</code>
            </th>
            <td>
              <PropertyDiff change={change} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Piece {
  readonly value: string;
  readonly added?: boolean;
  readonly removed?: boolean;
}

function PropertyDiff({ change }: { readonly change: PropertyChangeResponse }) {
  const pieces = useMemo(() => piecesOf(change), [change]);
  return (
    <pre>
      {pieces.map((piece, index) => {
        const key = `${index}-${piece.value.length}`;
        if (piece.added) return <ins key={key}>{piece.value}</ins>;
        return piece.removed ? <del key={key}>{piece.value}</del> : <span key={key}>{piece.value}</span>;
      })}
    </pre>
  );
}

function piecesOf({ kind, before, after }: PropertyChangeResponse): readonly Piece[] {
  const [old, now] = [valueText(before), valueText(after)];
  if (kind === 'add') return [{ value: now, added: true }];
  if (kind === 'delete') return [{ value: old, removed: true }];
  if (old.includes('\n') || now.includes('\n')) return diffLines(old, now);
  // Half a number or an image tag tells nobody anything.
  const words = typeof before === 'string' && old.length + now.length < LONGEST_BY_WORD && /\s/.test(old);
  return words
    ? diffWordsWithSpace(old, now)
    : [{ value: old, removed: true }, { value: ' → ' }, { value: now, added: true }];
}
