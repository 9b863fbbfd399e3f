import { z } from 'zod';
import { messageOf } from '../../foundation/errors.ts';
import { holdGood, type Sample } from './hold-good.ts';
import { beginningOf } from './http-check.ts';
import { type Verifier, withOutputs } from './verifier.ts';

const REQUEST_MS = 30_000;

const value = z.tuple([z.number(), z.string()]);
/** `GET /api/v1/query` (https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries) */
const answer = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value })) }),
    z.object({ resultType: z.literal('scalar'), result: value }),
  ]),
});

/**
 * Asks a Prometheus, over a period: each value of the query has to be within the limits each time. One that is away for a moment, within `timeout`,
 * says nothing about what it measures.
 */
export const prometheusCheck: Verifier<'prometheus'> = (check, { outputs, signal, note }) => {
  const base = withOutputs(check.url, outputs).replace(/\/$/, '');
  const query = withOutputs(check.query, outputs);
  const url = `${base}/api/v1/query?${new URLSearchParams({ query })}`;
  const sample = async (): Promise<Sample> => {
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
      const response = await fetch(url, { signal: within, headers: { accept: 'application/json' } });
      const body = await beginningOf(response);
      if (!response.ok)
        return {
          good: false,
          silent: response.status >= 500 || response.status === 429,
          text: `${base} answers ${response.status}: ${body.slice(0, 200)}`,
        };
      return judge(valuesIn(body), check);
    } catch (error) {
      signal.throwIfAborted();
      return { good: false, silent: true, text: `${base} does not answer: ${messageOf(error)}` };
    }
  };
  return holdGood(sample, { ...check, period: check.for, signal, note });
};

function valuesIn(body: string): readonly number[] {
  const { data } = answer.parse(JSON.parse(body));
  return data.resultType === 'scalar' ? [Number(data.result[1])] : data.result.map((entry) => Number(entry.value[1]));
}

function judge(values: readonly number[], check: Parameters<Verifier<'prometheus'>>[0]): Sample {
  const { query, atMost, atLeast, empty } = check;
  if (values.length === 0) return { good: empty === 'good', text: `${query} has no value` };
  // Not a number is within no limit.
  const bad = values.find(
    (each) =>
      Number.isNaN(each) || (atMost !== undefined && each > atMost) || (atLeast !== undefined && each < atLeast),
  );
  if (bad === undefined) return { good: true, text: `${query} is ${values.join(', ')}` };
  const limits = [atLeast !== undefined ? `at least ${atLeast}` : '', atMost !== undefined ? `at most ${atMost}` : ''];
  return { good: false, text: `${query} is ${bad} and not ${limits.filter((text) => text !== '').join(' and ')}` };
}
