import type { Change } from './change.ts';
import { formatDuration } from './duration.ts';
import { environmentName } from './environment-texts.ts';
import { type EnvironmentWish, isThere, type PreviewEnvironment } from './preview-environment.ts';
import type { PreviewEnvironmentSettings } from './preview-environment-settings.ts';

/** A template as the base branch's settings have it. */
export interface Template {
  /** Id of the stack. */
  readonly stack: string;
  /** Name of its project: the environments' stacks are of the same. */
  readonly project: string;
  readonly settings: PreviewEnvironmentSettings;
}

export interface KnownChange
  extends Pick<Change, 'id' | 'name' | 'state' | 'head' | 'merge' | 'problem' | 'allowed' | 'pushedAt'> {
  /** Ids of the templates that it affects. */
  readonly affects: readonly string[];
}

/** All that decides about the preview environments of one repository. */
export interface EnvironmentFacts {
  readonly now: number;
  readonly templates: readonly Template[];
  /** Every change that is open, and those that an environment is of. */
  readonly changes: readonly KnownChange[];
  readonly wishes: ReadonlyMap<string, EnvironmentWish>;
  readonly environments: readonly PreviewEnvironment[];
  /** Ids of the repository's own stacks: no environment takes the name of one. */
  readonly own: ReadonlySet<string>;
}

/** What is to be done about one environment. What is as it should be has none. */
export type EnvironmentVerdict = { readonly stack: string } & (
  | {
      readonly kind: 'make';
      readonly template: Template;
      readonly change: string;
      readonly commit: string;
      readonly why: string;
      /** Somebody asked for it since the last time. */
      readonly asked: boolean;
      readonly expiresAt: Date;
    }
  | { readonly kind: 'remove'; readonly why: string; readonly asked: boolean }
  /** It waits, or goes on as it is: what is said of it. Without a text that stays what it is. */
  | {
      readonly kind: 'say';
      readonly template: string;
      readonly change: string;
      readonly text: string | undefined;
      readonly expiresAt: Date | undefined;
    }
  /** There is nothing of it, and nothing to say. */
  | { readonly kind: 'forget'; readonly change: string; readonly template: string }
);

/** What a verdict is about, as it is now: one of the same name that was of another change or template is another one. */
export function environmentOf(
  environments: readonly PreviewEnvironment[],
  verdict: EnvironmentVerdict,
): PreviewEnvironment | undefined {
  const found = environments.find(({ stack }) => stack === verdict.stack);
  if (verdict.kind === 'remove') return found;
  const template = verdict.kind === 'make' ? verdict.template.stack : verdict.template;
  return found?.change === verdict.change && found.template === template ? found : undefined;
}

/** How long it is said of an environment that it is gone. */
const REMEMBERED_MS = 7 * 86_400_000;

/** Decides, and does nothing. The same facts make the same verdicts, and once they are carried out there are none. */
export function decideEnvironments(facts: EnvironmentFacts): readonly EnvironmentVerdict[] {
  const room = new Map(facts.templates.map(({ stack, settings }) => [stack, settings.atMost]));
  for (const { template } of facts.environments.filter(isThere)) room.set(template, (room.get(template) ?? 0) - 1);
  const verdicts: EnvironmentVerdict[] = [];
  for (const place of placesOf(facts)) {
    const verdict = decide(facts, place, (room.get(place.template) ?? 0) > 0);
    if (!verdict) continue;
    verdicts.push(verdict);
    const isNew = !place.environment || !isThere(place.environment);
    if (verdict.kind === 'make' && isNew) room.set(place.template, room.get(place.template)! - 1);
  }
  return verdicts;
}

/** One environment that there is or could be. */
interface Place {
  readonly stack: string;
  readonly template: string;
  readonly change: KnownChange | undefined;
  readonly changeId: string;
  readonly environment: PreviewEnvironment | undefined;
}

/** Who was pushed or asked for first has the first turn. */
function placesOf({ templates, changes, wishes, environments }: EnvironmentFacts): readonly Place[] {
  const places = new Map<string, Place>();
  for (const { stack, template, change: changeId } of environments) {
    const environment = environments.find((each) => each.stack === stack)!;
    const change = changes.find(({ id }) => id === changeId);
    places.set(`${changeId} ${template} ${stack}`, { stack, template, change, changeId, environment });
  }
  for (const { stack: template, project, settings } of templates)
    for (const change of changes) {
      const stack = `${project}/${environmentName(settings.name, change.name)}`;
      const key = `${change.id} ${template} ${stack}`;
      if (change.state === 'open' && !places.has(key))
        places.set(key, { stack, template, change, changeId: change.id, environment: undefined });
    }
  const age = ({ change, changeId }: Place) => aliveSince(change, wishes.get(changeId)) ?? 0;
  return [...places.values()].sort((a, b) => age(a) - age(b) || a.stack.localeCompare(b.stack));
}

function decide(facts: EnvironmentFacts, place: Place, hasRoom: boolean): EnvironmentVerdict | undefined {
  const wanted = wantedOf(facts, place);
  if (wanted.kind === 'down') return goDown(facts, place, wanted);
  if (wanted.kind === 'behind') return undefined;
  if (wanted.kind === 'hold') return say(place, wanted);
  const { environment: now, stack, changeId: change } = place;
  if (now?.state === 'removing') return undefined;
  if (now && isThere(now) && !isOutdated(now, wanted)) return say(place, wanted);
  if (!hasRoom && !(now && isThere(now))) {
    const { atMost } = wanted.template.settings;
    const text = `waits for its turn as there are ${atMost} of ${place.template} already, and no more may be at once`;
    return say(place, { text, expiresAt: wanted.expiresAt });
  }
  const { template, commit, why, askedAt, expiresAt } = wanted;
  return { kind: 'make', stack, template, change, commit, why, asked: isSince(now, askedAt), expiresAt };
}

/** When it was pushed, or asked for later, in milliseconds. */
function aliveSince(change: KnownChange | undefined, wish: EnvironmentWish | undefined): number | undefined {
  const times = [change?.pushedAt, wish?.askedAt].flatMap((time) => time?.getTime() ?? []);
  return times.length === 0 ? undefined : Math.max(...times);
}

type Wanted =
  | {
      readonly kind: 'up';
      readonly template: Template;
      readonly commit: string;
      readonly why: string;
      readonly askedAt: Date | undefined;
      readonly expiresAt: Date;
    }
  | { readonly kind: 'hold'; readonly text: string; readonly expiresAt: Date | undefined }
  /** Another one of that name has to go first. */
  | { readonly kind: 'behind' }
  | { readonly kind: 'down'; readonly why: string; readonly askedAt: Date | undefined };

/** What an environment should be, whatever it is. */
function wantedOf({ now, templates, wishes, own, environments }: EnvironmentFacts, place: Place): Wanted {
  const { change, environment, stack } = place;
  const template = templates.find((each) => each.stack === place.template && stackOf(each, change) === stack);
  const wish = wishes.get(place.changeId);
  const askedAt = wish?.asked === 'down' ? wish.askedAt : undefined;
  const down = (why: string): Wanted => ({ kind: 'down', why, askedAt });
  // Its state is the repository's own by now.
  if (own.has(stack) && environment && isThere(environment))
    return { kind: 'hold', text: takenText(stack), expiresAt: undefined };
  if (change?.state !== 'open') return down(`its change is ${change?.state === 'merged' ? 'merged' : 'closed'}`);
  if (!template) return down('mainstay.yaml on the base branch says nothing of it any more');
  const { settings } = template;
  if (wish?.asked === 'down') return down(`${wish.by} asked for that`);
  if (settings.for === 'asked' && wish?.asked !== 'up') return down('nobody has asked for it');
  const since = aliveSince(change, wish);
  const expiresAt = since === undefined ? undefined : new Date(since + settings.expiresAfter);
  if (expiresAt && expiresAt.getTime() <= now)
    return down(`nothing was pushed for ${formatDuration(settings.expiresAfter)}`);
  const isAsked = wish?.asked === 'up' || (environment !== undefined && isThere(environment));
  if (settings.for === 'affected' && !isAsked && !change.affects.includes(template.stack))
    return down(`the change does not affect ${template.stack}`);
  const hold = (text: string): Wanted => ({ kind: 'hold', text, expiresAt });
  const other = environments.find((each) => each.stack === stack && each !== environment);
  if (other && other.state !== 'removed') return { kind: 'behind' };
  if (own.has(stack)) return hold(takenText(stack));
  if (!expiresAt || !(change.allowed || wish?.head === change.head))
    return hold(`waits for a maintainer to read ${short(change.head)} and say \`/environment ${short(change.head)}\``);
  if (change.problem !== undefined || change.merge === undefined)
    return hold('waits for a commit that can be merged and previewed');
  const why = isSince(environment, wish?.askedAt) ? `${wish!.by} asked for it` : `${short(change.head)} was pushed`;
  return { kind: 'up', template, commit: change.merge, why, askedAt: wish?.askedAt, expiresAt };
}

function takenText(stack: string): string {
  return `is left alone as the repository has a stack of that name: ${stack}`;
}

function stackOf({ project, settings }: Template, change: KnownChange | undefined): string | undefined {
  return change && `${project}/${environmentName(settings.name, change.name)}`;
}

/** Whether it has to be made again: another commit or other settings, or somebody asked since. */
function isOutdated(now: PreviewEnvironment, wanted: Extract<Wanted, { kind: 'up' }>): boolean {
  const { settings } = wanted.template;
  if (now.commit !== wanted.commit || madeFrom(now.settings) !== madeFrom(settings)) return true;
  if (now.state === 'stuck') return true;
  return isSince(now, wanted.askedAt) && now.state !== 'making';
}

/** Whether somebody asked after the newest run of it was. */
function isSince(now: PreviewEnvironment | undefined, askedAt: Date | undefined): boolean {
  return askedAt !== undefined && askedAt > (now?.turnedAt ?? new Date(0));
}

/** What of the settings is in what runs. */
function madeFrom(settings: PreviewEnvironmentSettings | undefined): string {
  if (!settings) return '';
  const { config, credentials, environment } = settings;
  return JSON.stringify([config, credentials, environment]);
}

function goDown(
  { now }: EnvironmentFacts,
  { environment, stack, template, changeId: change }: Place,
  { why, askedAt }: Extract<Wanted, { kind: 'down' }>,
): EnvironmentVerdict | undefined {
  if (!environment || environment.state === 'removing') return undefined;
  if (environment.state === 'waiting') return { kind: 'forget', stack, change, template };
  if (environment.state === 'removed')
    return now - environment.updatedAt.getTime() > REMEMBERED_MS
      ? { kind: 'forget', stack, change, template }
      : undefined;
  const asked = isSince(environment, askedAt);
  if (environment.state === 'stuck' && !asked && (environment.againAt?.getTime() ?? 0) > now) return undefined;
  return { kind: 'remove', stack, why, asked };
}

/** Undefined where that is said already. */
function say(
  { stack, template, changeId: change, environment }: Place,
  { text, expiresAt }: { readonly text?: string; readonly expiresAt: Date | undefined },
): EnvironmentVerdict | undefined {
  if (environment?.state === 'removed' || environment?.state === 'removing' || environment?.state === 'making')
    return undefined;
  const isSaid =
    environment &&
    (text ?? environment.summary) === environment.summary &&
    environment.expiresAt?.getTime() === expiresAt?.getTime();
  return isSaid ? undefined : { kind: 'say', stack, template, change, text, expiresAt };
}

function short(commit: string): string {
  return commit.slice(0, 8);
}
