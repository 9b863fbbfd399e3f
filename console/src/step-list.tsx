import type { ResourceStep, RunDetailResponse, UndoResponse } from '../../runner/api/responses.ts';
import { counted, typeName } from './format.ts';
import { Empty } from './parts.tsx';
import { PropertyDiffs } from './property-diff.tsx';

/** Steps beyond these are opened by hand. */
const OPENED = 8;

const SIGNS: Readonly<Record<string, string>> = { create: '+', delete: '−', update: '~', replace: '±', import: '↓' };

/** What an engine did or would do to each resource, dangerous first. */
export function StepList({ steps }: { readonly steps: readonly ResourceStep[] }) {
  if (steps.length === 0) return <Empty>Nothing changes.</Empty>;
  return (
    <ul className="steps">
      {steps.map((step, index) => (
        <li key={`${step.operation} ${step.urn}`}>
          <details open={step.danger !== 'none' || (index < OPENED && step.operation !== 'create')}>
            <summary className={step.danger}>
              <StepTitle step={step} />
            </summary>
            <code className="urn">{step.urn}</code>
            {step.replacedBy.length > 0 && (
              <p className="hint">Replaced as {step.replacedBy.join(', ')} cannot be changed in place.</p>
            )}
            <PropertyDiffs changes={step.changes} />
          </details>
        </li>
      ))}
    </ul>
  );
}

function StepTitle({ step }: { readonly step: ResourceStep }) {
  return (
    <>
      <span className={`operation ${operationClass(step.operation)}`} aria-hidden="true">
        {SIGNS[step.operation] ?? '·'}
      </span>{' '}
      <b>{step.operation}</b> <span className="type">{typeName(step.type)}</span>{' '}
      <span className="name">{step.name}</span>
      {step.protected && <span className="badge quiet">protected</span>}
      {step.danger !== 'none' && <span className="badge bad">{step.danger}</span>}
      {step.changes.length > 0 && (
        <span className="hint"> {counted(step.changes.length, 'property').replace('propertys', 'properties')}</span>
      )}
    </>
  );
}

export function operationClass(operation: string): string {
  if (operation.includes('replace')) return 'replace';
  return ['create', 'delete', 'update'].includes(operation) ? operation : 'same';
}

export function Undo({ undo }: { readonly undo: UndoResponse }) {
  const tone = undo.answer === 'yes' ? 'good' : undo.answer === 'unknown' ? 'quiet' : 'bad';
  return (
    <p>
      <span className={`badge ${tone}`}>can this be undone?</span> {undo.text}
    </p>
  );
}

/** Why a stack is in a change, what it would do, and under which name that is approved. */
export function Facts({
  run,
}: {
  readonly run: Pick<RunDetailResponse, 'reasons' | 'digest' | 'undo' | 'engine' | 'endedAt'>;
}) {
  return (
    <dl className="facts">
      <dt>Why this stack</dt>
      <dd>
        {run.reasons.length > 0 ? run.reasons.map((reason) => <div key={reason}>{reason}</div>) : 'It was asked for.'}
      </dd>
      {run.digest && (
        <>
          <dt>Digest</dt>
          <dd>
            <code>{run.digest}</code>
          </dd>
        </>
      )}
      {run.endedAt !== undefined && (
        <>
          <dt>Undo</dt>
          <dd>
            <Undo undo={run.undo} />
          </dd>
        </>
      )}
    </dl>
  );
}
