import type { PropertyMap } from '../../protocol/property-value.ts';
import type { Diagnostic, EngineEvent } from '../deploy/events.ts';
import { isRootStack } from '../deploy/urn.ts';
import { diagnosticLines } from './diagnostics-text.ts';
import type { DisplayOptions } from './display.ts';
import { outputLines } from './outputs-text.ts';
import { policyLines, policyPackTable, type Remediation, type Violation } from './policies-text.ts';
import type { PropertyStyle } from './property-text.ts';
import { durationText, summaryLines } from './summary-text.ts';

/** Gathers what is said at the end of an operation: policies, diagnostics, outputs, counts. */
export class Report {
  readonly diagnostics: Diagnostic[] = [];
  readonly #violations: Violation[] = [];
  readonly #remediations: Remediation[] = [];
  readonly #failed = new Set<string>();
  readonly #options: DisplayOptions;
  readonly #style: PropertyStyle;
  #rootUrn = '';
  #outputs: { readonly olds: PropertyMap | undefined; readonly news: PropertyMap } | undefined;
  #summary: (EngineEvent & { readonly kind: 'summary' }) | undefined;

  constructor(options: DisplayOptions, style: PropertyStyle) {
    this.#options = options;
    this.#style = style;
  }

  /** The URN of the root stack, '' before it was seen. */
  get rootUrn(): string {
    return this.#rootUrn;
  }

  add(event: EngineEvent): void {
    if (event.kind === 'diagnostic') this.#addDiagnostic(event.diagnostic);
    else if (event.kind === 'resource-pre' && isRootStack(event.step.urn)) this.#rootUrn = event.step.urn;
    else if (event.kind === 'resource-outputs') this.#addOutputs(event);
    else if (event.kind === 'resource-failed') this.#failed.add(event.step.urn);
    else if (event.kind === 'summary') this.#summary = event;
    else if (event.kind === 'policy-violation') this.#addViolation(event);
    else if (event.kind === 'policy-remediation') this.#remediations.push(event);
  }

  #addDiagnostic(diagnostic: Diagnostic): void {
    if (diagnostic.severity !== 'debug') this.diagnostics.push(diagnostic);
    if (diagnostic.severity === 'error') this.#failed.add(diagnostic.urn || this.#rootUrn);
  }

  #addOutputs({ step }: EngineEvent & { readonly kind: 'resource-outputs' }): void {
    if (!isRootStack(step.urn)) return;
    this.#rootUrn = step.urn;
    // A stack that was destroyed has none to speak of.
    if (step.new) this.#outputs = { olds: step.old?.outputs, news: step.new.outputs };
  }

  #addViolation(event: Violation): void {
    this.#violations.push(event);
    if (event.enforcementLevel === 'mandatory') this.#failed.add(event.urn || this.#rootUrn);
  }

  /** `amongSteps`: messages, and what policies found, were shown as they came, and outputs belong to the stack's place in the list. */
  lines({ amongSteps = false }: { readonly amongSteps?: boolean } = {}): string[] {
    const { colors } = this.#style;
    const packs = this.#summary?.policyPacks ?? {};
    const lines: string[] = [];
    if (!amongSteps) lines.push(...this.#policyLines(packs));
    if (!amongSteps) lines.push(...diagnosticLines(this.diagnostics, this.#rootUrn, colors));
    const outputs = this.#outputLines();
    if (outputs.length > 0 && amongSteps) lines.push('    --outputs:--', ...outputs);
    else if (outputs.length > 0) lines.push(colors.heading('Outputs:'), ...outputs, '');
    if (this.#summary) {
      lines.push(...summaryLines(this.#summary, this.#failed.size, colors), '');
      if (amongSteps) lines.push(...policyPackTable(packs, colors));
      if (!this.#options.preview)
        lines.push(`${colors.heading('Duration:')} ${durationText(this.#summary.durationSeconds)}`, '');
    }
    return lines;
  }

  #policyLines(packs: Readonly<Record<string, string>>): string[] {
    const { showUrns, showPolicyRemediations } = this.#options;
    const report = { packs, violations: this.#violations, remediations: this.#remediations };
    return policyLines(report, { colors: this.#style.colors, showUrns, showRemediations: showPolicyRemediations });
  }

  #outputLines(): string[] {
    if (this.#options.suppressOutputs || !this.#outputs || this.#summary?.result === 'failed') return [];
    const { olds, news } = this.#outputs;
    return outputLines(olds, news, { preview: this.#options.preview, style: this.#style });
  }
}
