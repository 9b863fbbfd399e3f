/** Why a change affects a stack. `text` is what people read. */
export interface Reason {
  readonly kind: 'new' | 'settings' | 'project' | 'program' | 'dependencies' | 'watched' | 'upstream' | 'asked';
  readonly text: string;
}
