/** What the HTTP API answers: plain JSON, times as ISO 8601. The command line and the console know the runner by these alone. */
export interface StatusResponse {
  readonly repositories: readonly RepositoryStatus[];
  readonly aligned: boolean;
}

export interface RepositoryStatus {
  readonly id: string;
  /** Head of the base branch as last handled. */
  readonly base: string | undefined;
  readonly stacks: readonly StackStatus[];
  readonly rollout: RolloutResponse | undefined;
}

export interface StackStatus {
  readonly id: string;
  readonly environment: string;
  readonly alignment: 'aligned' | 'behind' | 'failed' | 'new';
  readonly appliedCommit: string | undefined;
  readonly appliedAt: string | undefined;
  /** What it waits for, or how its last run ended. */
  readonly summary: string;
  readonly lastRun: string | undefined;
  /** Its resources live in the sandbox, not in a cloud. */
  readonly sandbox: boolean;
}

export interface RunResponse {
  readonly id: string;
  readonly repository: string;
  readonly stack: string;
  readonly kind: 'preview' | 'update';
  readonly state: string;
  readonly summary: string;
  readonly change: string | undefined;
  readonly rollout: string | undefined;
  readonly commit: string;
  readonly attempt: number;
  readonly reasons: readonly string[];
  readonly digest: string | undefined;
  readonly engine: string | undefined;
  /** Its resources live in the sandbox, not in a cloud. */
  readonly sandbox: boolean;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
}

export interface RunDetailResponse extends RunResponse {
  readonly steps: readonly {
    readonly name: string;
    readonly state: string;
    readonly detail: string;
    readonly milliseconds: number | undefined;
  }[];
  /** What the engine did or would do, dangerous first. */
  readonly changes: readonly { readonly line: string; readonly properties: readonly string[] }[];
  readonly diagnostics: readonly { readonly severity: string; readonly message: string }[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly problem: string | undefined;
}

export interface ChangeResponse {
  readonly id: string;
  readonly repository: string;
  readonly name: string;
  readonly state: 'open' | 'merged' | 'closed';
  readonly head: string;
  readonly base: string | undefined;
  readonly merge: string | undefined;
  readonly problem: string | undefined;
  readonly verdict: string;
  /** The comment as the forge has it, in Markdown. */
  readonly comment: string;
  readonly runs: readonly RunResponse[];
  readonly updatedAt: string;
}

export interface RolloutResponse {
  readonly id: string;
  readonly repository: string;
  readonly commit: string;
  readonly state: string;
  readonly summary: string;
  readonly stages: readonly {
    readonly environment: string;
    readonly approvals: number;
    readonly stacks: readonly string[];
  }[];
  readonly changes: readonly string[];
  readonly createdAt: string;
  readonly endedAt: string | undefined;
}

/** Body of `POST /api/runs/<id>/decision` and `POST /api/rollouts/<id>/decision`. */
export interface DecisionRequest {
  readonly kind: 'approve' | 'reject' | 'retry' | 'give-up';
  readonly by: string;
  readonly reason?: string;
}

/** Every answer that is not a success. */
export interface ErrorResponse {
  readonly error: string;
}
