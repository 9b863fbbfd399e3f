import { useState } from 'react';
import type { GrantRequest } from '../../runner/api/responses.ts';

export const READ_EVERYTHING: GrantRequest = { role: 'viewer' };

const ROLES: readonly (readonly [role: GrantRequest['role'], text: string])[] = [
  ['viewer', 'viewer: look only'],
  ['operator', 'operator: look for drift, retry, cancel, unlock'],
  ['approver', 'approver: approve, reject, promote'],
  ['owner', 'owner: do everything'],
];

const LISTS = ['repositories', 'stacks', 'environments'] as const;

/** A role and what it is for, as in `operator of shop in dev, staging`. */
export function grantText({ role, repositories, stacks, environments }: GrantRequest): string {
  const parts = [
    ['of', repositories],
    ['for', stacks],
    ['in', environments],
  ] as const;
  return [role, ...parts.flatMap(([word, patterns]) => (patterns ? [`${word} ${patterns.join(', ')}`] : []))].join(' ');
}

/** Asks for a role, and where it is not for everything, for patterns separated by commas. */
export function GrantFields({
  grant,
  onChange,
}: {
  readonly grant: GrantRequest;
  readonly onChange: (grant: GrantRequest) => void;
}) {
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [limited, setLimited] = useState(false);
  const change = (role: GrantRequest['role'], words: Readonly<Record<string, string>>) => {
    setTexts(words);
    onChange({ role, ...Object.fromEntries(LISTS.flatMap((list) => listOf(list, words[list] ?? ''))) });
  };
  return (
    <>
      <label>
        Role{' '}
        <select value={grant.role} onChange={({ target }) => change(target.value as GrantRequest['role'], texts)}>
          {ROLES.map(([role, text]) => (
            <option key={role} value={role}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={limited}
          onChange={({ target }) => {
            setLimited(target.checked);
            if (!target.checked) change(grant.role, {});
          }}
        />{' '}
        for a part only
      </label>
      {limited &&
        LISTS.map((list) => (
          <label key={list}>
            {list}{' '}
            <input
              placeholder="all"
              value={texts[list] ?? ''}
              onChange={({ target }) => change(grant.role, { ...texts, [list]: target.value })}
            />
          </label>
        ))}
    </>
  );
}

function listOf(list: string, text: string): readonly (readonly [string, readonly string[]])[] {
  const patterns = text
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');
  return patterns.length > 0 ? [[list, patterns]] : [];
}
