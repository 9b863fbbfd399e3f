import type { Permission } from '../../core/forge.ts';
import type { MergeStyle } from '../hub-shapes.ts';

/** A pull request, or merge request, of a forge at the wire. */
export interface WirePull {
  readonly number: number;
  title: string;
  text: string;
  /** The branch it is of, in the repository itself or in a fork. */
  readonly branch: string;
  head: string;
  readonly base: string;
  readonly author: string;
  readonly fork: boolean;
  state: 'open' | 'merged' | 'closed';
}

export interface WireIssue {
  readonly number: number;
  title: string;
  text: string;
  readonly author: string;
  state: 'open' | 'closed';
}

/** A comment on a pull request or an issue. */
export interface WireNote {
  readonly id: number;
  readonly on: number;
  readonly author: string;
  text: string;
  readonly at: string;
  readonly reactions: string[];
}

export interface WireStatus {
  readonly commit: string;
  readonly context: string;
  readonly state: string;
  readonly text: string;
  readonly link: string | undefined;
}

/** What a forge remembers: the same for each, told in another dialect. */
export class WireState {
  readonly pulls: WirePull[] = [];
  readonly issues: WireIssue[] = [];
  readonly notes: WireNote[] = [];
  readonly statuses: WireStatus[] = [];
  /** How changes may be merged here. */
  allowed: readonly MergeStyle[] = ['merge', 'squash', 'rebase'];
  readonly permissions = new Map<string, Permission>();
  /** Pull requests by the commit of the base branch that they brought. */
  readonly commits = new Map<string, number>();
  readonly self = 'mainstay-bot';
  #last = 0;

  /** Pull requests and issues count together, and nothing else may have a number of theirs. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  propose(pull: Partial<WirePull> & Pick<WirePull, 'branch' | 'head'>): WirePull {
    const made: WirePull = {
      ...{ number: this.next(), title: pull.branch, text: '', base: 'main', author: 'ada', fork: false, state: 'open' },
      ...pull,
    };
    this.pulls.push(made);
    return made;
  }

  say(on: number, author: string, text: string, at = new Date().toISOString()): WireNote {
    const made: WireNote = { id: 1000 + this.next(), on, author, text, at, reactions: [] };
    this.notes.push(made);
    return made;
  }

  open(title: string, text: string): WireIssue {
    const made: WireIssue = { number: this.next(), title, text, author: this.self, state: 'open' };
    this.issues.push(made);
    return made;
  }

  /** A person merges it: the commit is its on the base branch from now on. */
  merge(number: number, commit: string): void {
    this.pulls.find((pull) => pull.number === number)!.state = 'merged';
    this.commits.set(commit, number);
  }
}
