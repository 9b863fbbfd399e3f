import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A certificate for 127.0.0.1 that vouches for itself. */
export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** Path of the certificate. */
  readonly path: string;
}

/** Makes a certificate in `folder` with the openssl executable, which every system with Git over HTTPS has. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const path = join(folder, 'server.crt');
  const keyPath = join(folder, 'server.key');
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  await promisify(execFile)('openssl', ['req', ...kind, ...subject, '-keyout', keyPath, '-out', path]);
  return { certificate: await readFile(path, 'utf8'), key: await readFile(keyPath, 'utf8'), path };
}
