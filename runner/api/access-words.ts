/** Who may do what. Without the schemas, so that the command line starts without them. */
export const ROLES = ['viewer', 'operator', 'approver', 'owner'] as const;
export const POWERS = ['read', 'operate', 'approve', 'own'] as const;
