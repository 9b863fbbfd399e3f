import { isPropertyMap, type PropertyMap, Secret } from '../../protocol/property-value.ts';
import { apiVersionOf, isFields, type KubeObject, textAt } from './object.ts';
import { objectOf, propertiesOf } from './property-object.ts';
import { markSecrets } from './secrets.ts';

/** What the state holds of a Kubernetes resource. */
export interface Checkpoint {
  /** What was asked for at the last update. */
  readonly inputs: KubeObject;
  /** What the API server answered. */
  readonly live: KubeObject;
  /** The apiVersion at creation; '' where the state does not say. */
  readonly initialApiVersion: string;
  /** The name under which fields are applied; '' where the state does not say. */
  readonly fieldManager: string;
}

const INPUTS = '__inputs';
const INITIAL_API_VERSION = '__initialApiVersion';
const FIELD_MANAGER = '__fieldManager';

/**
 * The outputs of a resource in the official provider's form: the live object with three keys of the provider's own
 * (checkpointObject in provider/pkg/provider/provider.go). What is secret in `like` is secret here.
 */
export function checkpointProperties(checkpoint: Checkpoint, like: PropertyMap): PropertyMap {
  const live = markSecrets(propertiesOf(checkpoint.live), like);
  return {
    ...live,
    [INPUTS]: markSecrets(propertiesOf(checkpoint.inputs), like),
    [INITIAL_API_VERSION]: checkpoint.initialApiVersion || apiVersionOf(checkpoint.inputs),
    [FIELD_MANAGER]: checkpoint.fieldManager,
  };
}

/** Reads what `checkpointProperties` made, also states of the official provider before 1.0 (`inputs` and `live` side by side). */
export function readCheckpoint(outputs: PropertyMap): Checkpoint {
  const state = objectOf(outputs);
  const initialApiVersion = textAt(state, INITIAL_API_VERSION);
  const fieldManager = textAt(state, FIELD_MANAGER);
  if (isFields(state.inputs) && isFields(state.live))
    return { inputs: state.inputs, live: state.live, initialApiVersion, fieldManager };
  const { [INPUTS]: inputs, [INITIAL_API_VERSION]: _version, [FIELD_MANAGER]: _manager, ...live } = state;
  return { inputs: isFields(inputs) ? inputs : {}, live, initialApiVersion, fieldManager };
}

/** The inputs as the state holds them under `__inputs`, with their secret marks; undefined where it holds none. */
export function checkpointInputs(outputs: PropertyMap): PropertyMap | undefined {
  const inputs = outputs[INPUTS];
  const plain = inputs instanceof Secret ? inputs.value : inputs;
  return isPropertyMap(plain) ? plain : undefined;
}
