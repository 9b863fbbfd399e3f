import { ProviderError } from '../../../protocol/provider.ts';
import type { FunctionDefinition } from '../definition.ts';
import { asText } from '../plain-values.ts';

export const getParameter: FunctionDefinition = {
  token: 'aws:ssm/getParameter:getParameter',
  async invoke({ aws, args }) {
    const name = asText(args.name) ?? '';
    const WithDecryption = args.withDecryption !== false;
    const { Parameter } = await (await aws.client('ssm')).getParameter({ Name: name, WithDecryption });
    if (!Parameter) throw new ProviderError(`Cannot find parameter ${name}. Check its name and region.`);
    const plain = Parameter.Type !== 'SecureString';
    return {
      id: name,
      name,
      arn: Parameter.ARN,
      type: Parameter.Type,
      value: Parameter.Value,
      insecureValue: plain ? Parameter.Value : '',
      version: Parameter.Version,
      withDecryption: WithDecryption,
      region: aws.configuration.region,
    };
  },
  secrets: ['value'],
};

export const getAuthorizationToken: FunctionDefinition = {
  token: 'aws:ecr/getAuthorizationToken:getAuthorizationToken',
  async invoke({ aws, args }) {
    const registryId = asText(args.registryId);
    const ecr = await aws.client('ecr');
    const { authorizationData = [] } = await ecr.getAuthorizationToken(registryId ? { registryIds: [registryId] } : {});
    const [data] = authorizationData;
    if (!data?.authorizationToken) throw new ProviderError('Cannot log in to ECR as it gave no token. Try again.');
    const [userName = '', password = ''] = Buffer.from(data.authorizationToken, 'base64').toString().split(':');
    return {
      id: aws.configuration.region,
      authorizationToken: data.authorizationToken,
      expiresAt: data.expiresAt?.toISOString() ?? '',
      password,
      proxyEndpoint: data.proxyEndpoint,
      userName,
      ...(registryId && { registryId }),
      region: aws.configuration.region,
    };
  },
  secrets: ['authorizationToken', 'password'],
};
