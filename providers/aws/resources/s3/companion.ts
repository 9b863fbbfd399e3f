import type { ExistingCall, PlainMap, PropertyRule, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { whenThere } from './bucket.ts';

const bucketRule: PropertyRule = { kind: 'string', required: true, replaces: true };

interface Companion {
  readonly type: string;
  readonly properties: Readonly<Record<string, PropertyRule>>;
  readonly validate?: ResourceDefinition['validate'];
  write(call: ExistingCall): Promise<void>;
  read(call: ExistingCall): Promise<PlainMap | undefined>;
  remove(call: ExistingCall): Promise<void>;
}

/** One setting of a bucket as a resource of its own, imported by the bucket's name: written as a whole, with one call. */
export function companion({ type, properties, validate, write, read, remove }: Companion): ResourceDefinition {
  return {
    type,
    properties: { bucket: bucketRule, ...properties },
    ...(validate && { validate }),
    async create(call) {
      const id = call.inputs.bucket as string;
      await whenThere({ ...call, id }, () => write({ ...call, id, state: {} }));
      return id;
    },
    updates: [{ properties: Object.keys(properties), apply: write }],
    async read(call) {
      const found = await unlessGone(read(call));
      return found && { bucket: call.id, ...found };
    },
    delete: async (call) => void (await unlessGone(remove(call))),
  };
}
