/** The workflow that carries out one attempt of a run: where decisions about it are sent. */
export function attemptId(run: string, attemptNumber: number): string {
  return attemptNumber === 1 ? run : `${run}.${attemptNumber}`;
}
