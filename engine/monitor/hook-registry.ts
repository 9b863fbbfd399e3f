import type { ErrorHookRequest, HookRequest, ResourceHookRunner } from '../deploy/resource-hook-runner.ts';
import type { Callbacks } from './callbacks.ts';
import {
  errorHookRequest,
  errorHookResponse,
  hookRequest,
  hookResponse,
  type WireCallback,
} from './monitor-messages.ts';

interface Hook {
  readonly callback: WireCallback;
  readonly onDryRun: boolean;
  readonly ignoreErrors: boolean;
}

/** The hooks that the program registered, by name. Names are unique in a program. */
export class HookRegistry implements ResourceHookRunner {
  readonly #callbacks: Callbacks;
  readonly #hooks = new Map<string, Hook>();
  readonly #errorHooks = new Map<string, WireCallback>();

  constructor(callbacks: Callbacks) {
    this.#callbacks = callbacks;
  }

  /** Throws if the name is taken. */
  add(name: string, hook: Hook): void {
    if (this.#hooks.has(name)) throw new Error(`resource hook already registered for name "${name}"`);
    this.#hooks.set(name, hook);
  }

  /** Throws if the name is taken. */
  addErrorHook(name: string, callback: WireCallback): void {
    if (this.#errorHooks.has(name)) throw new Error(`error hook already registered for name "${name}"`);
    this.#errorHooks.set(name, callback);
  }

  find(name: string): Hook | undefined {
    return this.#hooks.get(name);
  }

  hasErrorHook(name: string): boolean {
    return this.#errorHooks.has(name);
  }

  async run(name: string, request: HookRequest): Promise<void> {
    const hook = this.#hooks.get(name);
    if (!hook) throw new Error(`resource hook "${name}" was not registered`);
    const { error } = await this.#callbacks.call(
      hook.callback,
      { request: hookRequest, response: hookResponse },
      withoutUndefined(request),
    );
    if (error) throw new Error(error);
  }

  async runErrorHook(name: string, request: ErrorHookRequest): Promise<boolean> {
    const callback = this.#errorHooks.get(name);
    if (!callback) throw new Error(`error hook "${name}" was not registered`);
    const messages = { request: errorHookRequest, response: errorHookResponse };
    const { error, retry } = await this.#callbacks.call(callback, messages, withoutUndefined(request));
    if (error) throw new Error(error);
    return retry;
  }
}

function withoutUndefined<T extends object>(request: T): Partial<T> {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined)) as Partial<T>;
}
