/**
 * The resources that `--target`, `--exclude` or `--replace` name: URNs, or globs where `*` is any text without `:` and `**` any
 * text (facts 3.8). An empty set names nothing in particular: it does not constrain.
 */
export class TargetSet {
  readonly #literals: Set<string>;
  readonly #globs: readonly RegExp[];
  readonly isConstrained: boolean;

  constructor(patterns: readonly string[] = []) {
    this.isConstrained = patterns.length > 0;
    this.#literals = new Set(patterns.filter((pattern) => !pattern.includes('*')));
    this.#globs = patterns.filter((pattern) => pattern.includes('*')).map(globExpression);
  }

  /** Whether the set names `urn` itself. False for the empty set. */
  names(urn: string): boolean {
    return this.#literals.has(urn) || this.#globs.some((glob) => glob.test(urn));
  }

  /** Whether an operation constrained to this set covers `urn`: an empty set covers everything. */
  covers(urn: string): boolean {
    return !this.isConstrained || this.names(urn);
  }

  /** Adds a URN to a set that constrains. */
  add(urn: string): void {
    if (this.isConstrained) this.#literals.add(urn);
  }

  get literals(): readonly string[] {
    return [...this.#literals];
  }
}

function globExpression(glob: string): RegExp {
  const segments = glob.split('**').map((segment) =>
    segment
      .split('*')
      .map((text) => RegExp.escape(text))
      .join('[^:]*'),
  );
  return new RegExp(`^${segments.join('.*')}$`, 's');
}
