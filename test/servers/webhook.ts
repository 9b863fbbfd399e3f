import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificates.ts';

interface AdmissionRequest {
  readonly uid: string;
  readonly dryRun?: boolean;
  readonly object?: { readonly metadata?: { readonly name?: string } };
}

/** For tests: an admission webhook on 127.0.0.1 that refuses objects whose name starts with `refused`. */
export class WebhookServer {
  readonly asked: AdmissionRequest[] = [];
  readonly #server: Server;
  readonly #certificate: string;

  constructor(server: Server, certificate: string) {
    this.#server = server;
    this.#certificate = certificate;
  }

  static async start(message: string): Promise<WebhookServer> {
    const folder = await mkdtemp(join(tmpdir(), 'mainstay-webhook-'));
    const { certificate, key } = await makeCertificate(folder);
    await rm(folder, { recursive: true, force: true });
    const server = createServer({ cert: certificate, key }, async (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const { request }: { request: AdmissionRequest } = JSON.parse(Buffer.concat(chunks).toString());
      webhook.asked.push(request);
      const allowed = !request.object?.metadata?.name?.startsWith('refused');
      const response = { uid: request.uid, allowed, ...(allowed ? {} : { status: { code: 403, message } }) };
      outgoing.setHeader('content-type', 'application/json');
      outgoing.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
    });
    const webhook = new WebhookServer(server, certificate);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return webhook;
  }

  /** What a webhook configuration says of where it is. */
  get clientConfig(): { readonly url: string; readonly caBundle: string } {
    const { port } = this.#server.address() as AddressInfo;
    return { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(this.#certificate).toString('base64') };
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
