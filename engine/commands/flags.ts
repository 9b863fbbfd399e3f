/**
 * One flag of a command, as the official CLI has it. Kinds:
 * `boolean` takes a value only behind `=`; `text` and `integer` take one value; `list` may be repeated; `comma-list` may be repeated
 * and each value may hold several, separated by commas; `optional` is a text whose value is given only behind `=` and is
 * `whenBare` otherwise.
 */
export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  readonly kind: 'boolean' | 'text' | 'integer' | 'list' | 'comma-list' | 'optional';
  readonly summary: string;
  readonly whenBare?: string;
  /** Known to the official CLI and refused by us: why. An `ignorable` one would be refused in vain, as it changes nothing here. */
  readonly unsupported?: string;
  /** Not shown by --help. */
  readonly hidden?: boolean;
}

export type FlagValue = boolean | string | number | readonly string[];

/** The flags of one command line, read by name. Reading a flag that the command does not declare is a bug and throws. */
export class Flags {
  readonly #specs: ReadonlyMap<string, FlagSpec>;
  readonly #values: ReadonlyMap<string, FlagValue>;

  constructor(specs: ReadonlyMap<string, FlagSpec>, values: ReadonlyMap<string, FlagValue>) {
    this.#specs = specs;
    this.#values = values;
  }

  /** Every flag that the command declares. */
  names(): readonly string[] {
    return [...this.#specs.keys()];
  }

  isSet(name: string): boolean {
    this.#specOf(name);
    return this.#values.has(name);
  }

  boolean(name: string, fallback = false): boolean {
    return (this.#read(name, 'boolean') as boolean | undefined) ?? fallback;
  }

  text(name: string): string | undefined {
    return this.#read(name, 'text', 'optional') as string | undefined;
  }

  integer(name: string): number | undefined {
    return this.#read(name, 'integer') as number | undefined;
  }

  list(name: string): readonly string[] {
    return (this.#read(name, 'list', 'comma-list') as readonly string[] | undefined) ?? [];
  }

  /** The same flags with one of them set to another value. */
  with(name: string, value: FlagValue): Flags {
    this.#specOf(name);
    return new Flags(this.#specs, new Map([...this.#values, [name, value]]));
  }

  /** Names and values of the flags that were given, for the update's metadata. */
  given(): readonly (readonly [FlagSpec, FlagValue])[] {
    return [...this.#values].map(([name, value]) => [this.#specOf(name), value] as const);
  }

  #read(name: string, ...kinds: readonly FlagSpec['kind'][]): FlagValue | undefined {
    const spec = this.#specOf(name);
    if (!kinds.includes(spec.kind)) throw new Error(`flag --${name} is ${spec.kind}, not ${kinds.join(' or ')}`);
    return this.#values.get(name);
  }

  #specOf(name: string): FlagSpec {
    const spec = this.#specs.get(name);
    if (!spec) throw new Error(`flag --${name} is not declared by this command`);
    return spec;
  }
}
