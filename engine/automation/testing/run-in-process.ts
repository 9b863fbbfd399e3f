import { runCommand } from '../../commands/run-command.ts';
import type { Terminal } from '../../display/terminal.ts';
import { createEngineServices } from '../../operations/engine-services.ts';
import type { DemoProject } from './demo-project.ts';
import type { Result } from './run-executable.ts';

/** Runs command lines as the executable does, in this process: for tests in which the process is not the point. */
export interface InProcess {
  run(project: DemoProject, ...args: string[]): Promise<Result>;
  /** With other variables over the project's. */
  runWith(project: DemoProject, environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Result>;
  close(): Promise<void>;
}

export function createInProcess(): InProcess {
  const services = createEngineServices({ warm: true });
  const runWith: InProcess['runWith'] = async (project, environment, ...args) => {
    const output = { stdout: '', stderr: '' };
    const terminal: Terminal = {
      write: (text) => {
        output.stdout += text;
      },
      writeError: (text) => {
        output.stderr += text;
      },
      columns: undefined,
      ask: () => Promise.reject(new Error('nobody is asked')),
      readInput: async () => '',
    };
    const code = await runCommand({
      args,
      directory: project.directory,
      environment: { PATH: process.env.PATH, HOME: project.directory, ...project.environment, ...environment },
      terminal,
      signal: new AbortController().signal,
      services,
    });
    return { code, ...output };
  };
  return { runWith, run: (project, ...args) => runWith(project, {}, ...args), close: () => services.close() };
}
