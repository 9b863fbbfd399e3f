import type { KubeObject } from '../object.ts';

/** Whether an object has become what was asked for. */
export interface Assessment {
  readonly ready: boolean;
  /** Set where it will not become ready any more without a change. */
  readonly failed?: string;
}

/** Other objects that say something about the one that is awaited. They are watched while it is not ready. */
export type RelatedKind =
  | 'Pod'
  | 'ReplicaSet'
  | 'Event'
  | 'EndpointSlice'
  | 'Service'
  | 'PersistentVolumeClaim'
  | 'StorageClass'
  | 'PersistentVolume';

/** What is known of the related objects, by kind; a kind that is not watched or cannot be read is empty. */
export type Related = (kind: RelatedKind) => readonly KubeObject[];

/**
 * How to tell that objects of one kind are ready. Pure: it is asked again after every change of the object and of what is related
 * to it.
 */
export interface Awaiter {
  /** Related kinds that decide whether it is ready. */
  readonly decides: readonly RelatedKind[];
  /** Related kinds that only explain why it is not. */
  readonly explains: readonly RelatedKind[];
  assess(live: KubeObject, related: Related): Assessment;
  /** What is still missing, in words, the most telling first. Asked only where it is not ready. */
  explain(live: KubeObject, related: Related): readonly string[];
  /** True where a refresh reports an object that is not ready, as the official provider does for this kind. */
  readonly checkedOnRead?: boolean;
}

export const READY: Assessment = { ready: true };
export const NOT_READY: Assessment = { ready: false };
