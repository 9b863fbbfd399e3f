import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ownedPaths, ownersOf, parseCodeowners } from './codeowners.ts';
import { type ApprovalDemand, gateOf, missingApprovals, NO_GATE, refusal, timeWait } from './gate.ts';
import { approvalSettings } from './gate-settings.ts';
import { parseSettings } from './settings.ts';

const demand = (rule: object, more: Partial<ApprovalDemand> = {}): ApprovalDemand => ({
  ...{ rule: approvalSettings.parse(rule), digest: 'd', authors: [], owned: [] },
  ...more,
});

test('counts each person once, and only those who may', () => {
  const two = demand({ count: 2, owners: ['ada', 'bob', 'cy'] });
  assert.equal(missingApprovals(two, []), '2 approvals by ada, bob, cy');
  assert.equal(missingApprovals(two, ['ada', 'ada', '@Ada']), '1 approval by ada, bob, cy');
  assert.equal(missingApprovals(two, ['ada', 'eve']), '1 approval by ada, bob, cy');
  assert.equal(missingApprovals(two, ['ada', 'bob']), undefined);
  assert.match(refusal(two, 'eve')!, /eve is none of those who may: ada, bob, cy/);
});

test('does not count authors where the settings say so, by whichever of their names', () => {
  const rule = demand(
    { notAuthor: true },
    { authors: ['Ada', '12+grace@users.noreply.github.com', 'bob@shop.example'] },
  );
  for (const by of ['ada', '@ada', 'grace', 'bob']) assert.match(refusal(rule, by)!, /wrote or proposed the change/);
  assert.equal(refusal(rule, 'cy'), undefined);
  assert.equal(refusal(demand({}, { authors: ['ada'] }), 'ada'), undefined);
});

test('asks an owner of each owned file', () => {
  const owned = [
    { path: 'infra/a.ts', owners: ['@ada'] },
    { path: 'infra/b.ts', owners: ['@ada'] },
    { path: 'docs/x.md', owners: ['bob', 'cy'] },
  ];
  const rule = demand({ codeowners: true }, { owned });
  assert.equal(missingApprovals(rule, ['cy']), 'an approval of infra/a.ts and 1 more by @ada');
  assert.equal(missingApprovals(rule, ['cy', 'ada']), undefined);
  const both = demand({ codeowners: true, owners: ['eve'] }, { owned });
  assert.equal(
    refusal(both, 'ada'),
    undefined,
    'an owner of the code may, though none of the owners of the environment',
  );
  assert.equal(missingApprovals(both, ['ada', 'cy']), '1 approval by eve');
});

test('soaks, then waits for a window, and says until when', () => {
  const HOUR = 3_600_000;
  const [prod] = parseSettings(
    'm',
    'environments: [{name: prod, stacks: [a], soak: 1h, windows: [{from: "09:00", to: "10:00"}]}]',
  ).environments;
  const settings = parseSettings('m', 'timeZone: UTC\nfreezes: [{from: 2026-11-22, to: 2026-11-22}]');
  const gate = gateOf(prod!, settings);
  const at = (now: string, goodSince: string | undefined) =>
    timeWait(gate, {
      environment: 'prod',
      now: Date.parse(now),
      goodSince: goodSince === undefined ? undefined : Date.parse(goodSince),
    });
  assert.equal(at('2026-11-21T09:30:00Z', '2026-11-21T08:00:00Z'), undefined);
  assert.equal(at('2026-11-21T09:30:00Z', undefined), undefined);
  assert.equal(at('2026-11-21T09:30:00Z', '2026-11-21T09:00:00Z')!.until, '2026-11-21T10:00:00.000Z');
  assert.match(
    at('2026-11-21T10:00:00Z', '2026-11-21T08:00:00Z')!.text,
    /^prod waits until 2026-11-23T09:00:00.000Z as it is outside of its windows$/,
  );
  assert.equal(
    at('2026-11-21T09:30:00Z', '2026-12-21T09:00:00Z')!.until,
    '2026-11-21T10:30:00.000Z',
    'clocks were set back',
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e7 }),
      fc.integer({ min: 0, max: 1e7 }),
      fc.integer({ min: 0, max: 1e6 }),
      (now, goodSince, soak) => {
        const wait = timeWait({ ...NO_GATE, soak }, { environment: 'e', now, goodSince });
        assert.equal(wait !== undefined, now < Math.min(goodSince, now) + soak);
        if (wait) assert.ok(Date.parse(wait.until!) > now && Date.parse(wait.until!) - now <= soak && soak < HOUR);
      },
    ),
  );
});

test('puts the people of a team into a gate', () => {
  const settings = parseSettings(
    'm',
    'environments: [{name: e, stacks: [a], approval: {owners: ["@net", ada]}}]\nteams: {net: [bob, ada]}',
  );
  assert.deepEqual(gateOf(settings.environments[0]!, settings).approval!.owners, ['bob', 'ada']);
});

test('reads CODEOWNERS: the last match counts', async () => {
  const text = `# all
*            @all
/infra/      @net  # the net
*.md         docs@shop.example
docs/*       @ada
deep/**/x.ts @eve
[Section] @nobody
/free.txt
`;
  const rules = parseCodeowners(text);
  const cases: readonly (readonly [path: string, owners: readonly string[]])[] = [
    ['a.ts', ['@all']],
    ['infra/a/b.ts', ['@net']],
    ['other/infra/a.ts', ['@all']],
    ['infra/README.md', ['docs@shop.example']],
    ['docs/a.txt', ['@ada']],
    ['docs/a/b.txt', ['@all']],
    ['deep/x.ts', ['@eve']],
    ['deep/a/b/x.ts', ['@eve']],
    ['free.txt', []],
  ];
  for (const [path, owners] of cases) assert.deepEqual(ownersOf(rules, path), owners, path);
  const tree = { files: new Map([['CODEOWNERS', 'h']]), read: async () => '* @org/net\n', importsOf: async () => [] };
  assert.deepEqual(await ownedPaths(tree, ['a'], { net: ['bob', 'cy'] }), [{ path: 'a', owners: ['bob', 'cy'] }]);
});
