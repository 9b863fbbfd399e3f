import messages from 'google-protobuf/google/protobuf/struct_pb.js';

/** The `google.protobuf.Struct` messages as named exports: their package is CommonJS that Node cannot see through. */
export const { ListValue, NullValue, Struct, Value } = messages;
export type ListValue = InstanceType<typeof ListValue>;
export type Struct = InstanceType<typeof Struct>;
export type Value = InstanceType<typeof Value>;
