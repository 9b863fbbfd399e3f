/** Why a change affects a stack. `text` is what people read. */
export interface Reason {
  readonly kind:
    | 'new'
    | 'settings'
    | 'project'
    | 'program'
    | 'dependencies'
    | 'watched'
    | 'upstream'
    | 'asked'
    | 'drift';
  readonly text: string;
}
