import type { ApprovalSettings, OnFailure, VerifySettings } from './gate-settings.ts';
import type { EnvironmentSettings, Settings } from './settings.ts';
import { type Opening, openStateAt } from './window.ts';

/** What an environment of a rollout has to come through, as the settings of the rollout's commit say. */
export interface Gate {
  /** People by team are put in already. */
  readonly approval: ApprovalSettings | undefined;
  readonly soak: number;
  readonly opening: Opening;
  readonly verify: readonly VerifySettings[];
  readonly onFailure: OnFailure;
}

export const NO_GATE: Gate = {
  approval: undefined,
  soak: 0,
  opening: { windows: [], freezes: [], timeZone: 'UTC' },
  verify: [],
  onFailure: 'stop',
};

export function gateOf(environment: EnvironmentSettings, settings: Settings): Gate {
  const { approval, soak, windows, freezes, verify, onFailure } = environment;
  const { timeZone, teams } = settings;
  const owners = approval?.owners?.flatMap((owner) =>
    owner.startsWith('@') ? (teams[owner.slice(1)] ?? []) : [owner],
  );
  return {
    approval: approval && { ...approval, owners: owners && [...new Set(owners)] },
    opening: { windows, freezes: [...freezes, ...settings.freezes], timeZone },
    ...{ soak, verify, onFailure },
  };
}

/** What a rollout waits for. What waits says so, always: nothing stands still without one of these. */
export interface RolloutWait {
  readonly environment: string;
  readonly for: 'approval' | 'soak' | 'window' | 'rolled-back' | 'failure';
  /** One line for people. */
  readonly text: string;
  /** When it goes on by itself, as ISO 8601. */
  readonly until: string | undefined;
  /** What has to be approved. */
  readonly approval: ApprovalDemand | undefined;
}

/** What an approval has to be, as data: whoever gives one is told at once whether it counts. */
export interface ApprovalDemand {
  readonly rule: ApprovalSettings;
  /** Of the previews that are approved. */
  readonly digest: string;
  /** Names and addresses of those who wrote or proposed the change. */
  readonly authors: readonly string[];
  /** Changed files that CODEOWNERS gives to somebody. */
  readonly owned: readonly { readonly path: string; readonly owners: readonly string[] }[];
}

/** What keeps an environment from being updated at `now`, first come first; undefined where nothing does. */
export function timeWait(
  gate: Gate,
  {
    environment,
    now,
    goodSince,
  }: { readonly environment: string; readonly now: number; readonly goodSince: number | undefined },
): RolloutWait | undefined {
  // Clocks that were set back must not make a soak longer than it is.
  const soaked = goodSince === undefined ? now : Math.min(goodSince, now) + gate.soak;
  if (soaked > now) {
    const until = new Date(soaked).toISOString();
    return {
      environment,
      for: 'soak',
      until,
      approval: undefined,
      text: `${environment} waits until ${until} for the environment before it to soak`,
    };
  }
  const open = openStateAt(now, gate.opening);
  if (open.open) return undefined;
  const until = open.opensAt === undefined ? undefined : new Date(open.opensAt).toISOString();
  const text = `${environment} waits${until ? ` until ${until}` : ''} as it is ${open.why}${until ? '' : ', and no window opens within a year'}`;
  return { environment, for: 'window', until, approval: undefined, text };
}

/** Why an approval by this person does not count; undefined where it does. */
export function refusal(demand: ApprovalDemand, by: string): string | undefined {
  const { rule, authors, owned } = demand;
  if (rule.notAuthor && authors.some((author) => samePerson(author, by)))
    return `${by} wrote or proposed the change, and somebody else has to approve it`;
  const isOwner = rule.owners === undefined || rule.owners.some((owner) => samePerson(owner, by));
  const ownsCode = rule.codeowners && owned.some(({ owners }) => owners.some((owner) => samePerson(owner, by)));
  if (isOwner || ownsCode) return undefined;
  return `${by} is none of those who may: ${rule.owners!.join(', ')}`;
}

/** What is still missing, in words; undefined where enough have approved. */
export function missingApprovals(demand: ApprovalDemand, approvers: readonly string[]): string | undefined {
  const { rule, owned } = demand;
  const people = new Map(approvers.map((by) => [personOf(by), by]));
  const counted = [...people.values()].filter((by) => refusal(demand, by) === undefined);
  const byOwners =
    rule.owners === undefined ? counted : counted.filter((by) => rule.owners!.some((owner) => samePerson(owner, by)));
  const missing = rule.count - byOwners.length;
  const parts: string[] = [];
  if (missing > 0)
    parts.push(
      `${missing} ${missing === 1 ? 'approval' : 'approvals'}${rule.owners ? ` by ${rule.owners.join(', ')}` : ''}`,
    );
  if (rule.codeowners) {
    const open = owned.filter(({ owners }) => !owners.some((owner) => counted.some((by) => samePerson(owner, by))));
    const byOwner = Map.groupBy(open, ({ owners }) => owners.join(' or '));
    for (const [owners, files] of byOwner)
      parts.push(
        `an approval of ${files[0]!.path}${files.length > 1 ? ` and ${files.length - 1} more` : ''} by ${owners}`,
      );
  }
  return parts.length === 0 ? undefined : parts.join(' and ');
}

/** `@ada`, `Ada` and `ada@shop.example` are names of one person, where the local part of the address is the name. */
export function samePerson(a: string, b: string): boolean {
  const [one, other] = [personOf(a), personOf(b)];
  return one !== '' && one === other;
}

function personOf(name: string): string {
  const plain = name.trim().toLowerCase().replace(/^@/, '');
  // GitHub's private addresses: 12345+ada@users.noreply.github.com
  const [local = '', host] = plain.split('@');
  return host === undefined ? plain : local.replace(/^\d+\+/, '');
}
