import { randomBytes } from 'node:crypto';
import https from 'node:https';
import { systemClock } from '../../foundation/clock.ts';
import { ApiClient } from './api-client.ts';
import { readConfiguration } from './configuration.ts';
import { Connection } from './connection.ts';
import type { KubeObject } from './object.ts';

/** The other side of a test: a person with kubectl, a controller, an administrator. */
export class TestCluster {
  readonly #client: ApiClient;
  readonly #connection: Connection;

  constructor(kubeconfig: string) {
    const configuration = readConfiguration({ kubeconfig }, {});
    this.#connection = new Connection(configuration, {});
    this.#client = new ApiClient(this.#connection, configuration.client, systemClock);
  }

  get(path: string): Promise<KubeObject> {
    return this.#client.request({ method: 'GET', path });
  }

  /** An answer that is no JSON. */
  async text(path: string): Promise<string> {
    const { url, options } = await this.#connection.endpoint();
    return new Promise((resolve, reject) => {
      const settings = { ...options, agent: this.#connection.agent('requests') };
      const outgoing = https.get(new URL(path, url), settings, async (response) => {
        resolve(Buffer.concat(await response.toArray()).toString());
      });
      outgoing.once('error', reject);
    });
  }

  post(path: string, body: unknown): Promise<KubeObject> {
    return this.#client.request({ method: 'POST', path, body });
  }

  /** A merge patch, as `kubectl edit` sends it, by a manager of this name. */
  edit(path: string, patch: unknown, manager = 'kubectl-edit'): Promise<KubeObject> {
    return this.#client.request({
      method: 'PATCH',
      path,
      query: { fieldManager: manager },
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  }

  delete(path: string): Promise<KubeObject> {
    return this.#client.request({ method: 'DELETE', path });
  }

  close(): void {
    this.#connection.close();
  }
}

/** A name that no other run of the tests uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}
