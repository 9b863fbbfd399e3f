/** What a run may be. Without the schemas, so that the command line starts without them. */
export const RUN_KINDS = ['preview', 'update', 'drift', 'correction', 'environment', 'removal'] as const;
export const RUN_STATES = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'superseded'] as const;
