/** An outcome that a forge is to be told. What is told is what is known then: a rollout that went on meanwhile is told as it is. */
export interface DueReport {
  readonly rollout: string;
  /** Counts how often it was wanted: what is wanted again while it is being told is told again. */
  readonly wanted: number;
  /** Since when it is on its way. */
  readonly since: Date;
  /** Tries, with this one. */
  readonly attempts: number;
}

/** Outcomes of rollouts on their way to forges: kept here, as a forge may be away for longer than anybody waits. */
export interface ReportStore {
  want(rollout: string, now: Date): Promise<void>;
  /** Hands out what is due, or only that of one rollout, for one try: nobody else gets it before `until`. */
  take(options: {
    readonly now: Date;
    readonly until: Date;
    readonly only?: string | undefined;
  }): Promise<readonly DueReport[]>;
  /** It is told, or given up. */
  settle(report: DueReport): Promise<void>;
  /** Not yet: it is due again then. */
  putOff(report: DueReport, due: Date): Promise<void>;
}
