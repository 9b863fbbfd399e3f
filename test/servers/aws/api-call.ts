/** One call of an AWS API as it comes over the wire. */
export interface ApiCall {
  readonly service: string;
  readonly region: string;
  /** `CreateVpc`; for APIs of paths the method and the path, as in `POST /clusters`. */
  readonly action: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What the wire shows of a call: service and region of its signature, the action by the protocol of the service. */
export function parseCall(request: {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}): ApiCall {
  const { pathname, searchParams } = new URL(request.url, 'http://aws');
  const [, region = '', service = ''] =
    /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
  const target = request.headers['x-amz-target']?.split('.').at(-1);
  const form = /x-www-form-urlencoded/.test(request.headers['content-type'] ?? '');
  const action = target ?? (form ? new URLSearchParams(request.body.toString()).get('Action') : undefined);
  const { method, headers, body } = request;
  const byPath = `${method} ${service === 's3' ? s3Path(pathname, searchParams) : pathname}`;
  return { service, region, action: action ?? byPath, method, path: pathname, query: searchParams, headers, body };
}

/** `PUT /name?policy` says what is done to a bucket. */
function s3Path(path: string, query: URLSearchParams): string {
  const part = [...query.keys()].find((key) => key !== 'x-id');
  return part ? `${path}?${part}` : path;
}

/** The parameters of a call in a form (EC2, IAM, STS, SNS); of others, the fields of its JSON. */
export function parametersOf(call: ApiCall): Readonly<Record<string, unknown>> {
  const text = call.body.toString();
  if (text === '') return {};
  return text.startsWith('{') ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
}

/** What is sent back. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): ApiAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** A failure in the shape that the service has for it. */
export function failureAnswer(
  call: Pick<ApiCall, 'service'>,
  failure: { readonly code: string; readonly message: string; readonly status?: number },
): ApiAnswer {
  const { code, message, status = 400 } = failure;
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const error = `<Error><Code>${code}</Code><Message>${text}</Message></Error>`;
  const xml = (body: string) => ({ status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) });
  if (call.service === 'ec2')
    return xml(
      `<Response><Errors>${error}</Errors><RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>`,
    );
  if (call.service === 's3') return xml(error);
  if (['iam', 'sts', 'sns', 'route53'].includes(call.service))
    return xml(
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${text}</Message></Error></ErrorResponse>`,
    );
  return jsonAnswer(status, { __type: code, message, Message: message }, { 'x-amzn-errortype': code });
}
