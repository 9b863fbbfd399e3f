import { gzipSync } from 'node:zlib';
import type { Report } from './main.ts';

const ROUNDS = 5;

/** What a person's first look at the console takes of a runner with many stacks: each answer's time and size, and the page's own files. */
export async function measureConsole(
  report: Report,
  { url, token }: { readonly url: string; readonly token: string },
): Promise<void> {
  const ask = (path: string) =>
    fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}`, 'accept-encoding': 'gzip' } });
  for (const path of ['/api/status', '/api/stacks?limit=100', '/api/changes', '/api/rollouts', '/metrics']) {
    const times: number[] = [];
    let text = '';
    for (let round = 0; round < ROUNDS; round += 1) {
      const began = performance.now();
      const answer = await ask(path);
      text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
      times.push(performance.now() - began);
    }
    const median = times.toSorted((a, b) => a - b)[ROUNDS >> 1]!;
    const sizes = `${kilobytes(text.length)}, ${kilobytes(gzipSync(text).length)} compressed`;
    report.time(`GET ${path}`, median, `${sizes}; the first ${times[0]!.toFixed(0)} ms`);
  }
  const page = await (await ask('/')).text();
  const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]!);
  let bytes = gzipSync(page).length;
  for (const file of files) bytes += gzipSync(await (await ask(file)).text()).length;
  report.note(
    files.length === 0
      ? 'the console is not built: its page is not measured'
      : `the page with its ${files.length} files: ${kilobytes(bytes)} compressed`,
  );
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KB`;
}
