import { z } from 'zod';
import { cidr } from './fields';

const tier = z.enum(['public', 'private', 'isolated']);

export const networkSettings = z.strictObject({
  cidr: cidr(16, 28).describe('All addresses of the network, `10.20.0.0/16`. /16 to /22 with eight zone slots.'),
  zones: z
    .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'is not an availability zone: write eu-central-1a'))
    .min(1)
    .max(16)
    .describe('Availability zones. Append new ones at the end: the place decides the addresses.'),
  tiers: z.array(tier).min(1).optional().describe('Kinds of subnets in each zone. Default: all three.'),
  zoneSlots: z
    .union([z.literal(2), z.literal(4), z.literal(8), z.literal(16)])
    .optional()
    .describe('For how many zones the range is divided. Cannot be changed later. Default 8.'),
  nat: z
    .enum(['none', 'single', 'perZone'])
    .optional()
    .describe('The way out of private subnets: none, one for all zones, or one per zone (default).'),
  ipv6: z.boolean().optional().describe('Whether subnets have IPv6 addresses too. Default false.'),
  endpoints: z
    .strictObject({
      gateway: z
        .array(z.enum(['s3', 'dynamodb']))
        .optional()
        .describe('Free of charge. Default both.'),
      interface: z.array(z.string()).optional().describe('`ecr.api`, `ecr.dkr`, `sts`, ... Default none.'),
    })
    .optional()
    .describe('Ways to AWS services that do not leave the network.'),
  flowLogs: z
    .union([
      z.literal(false),
      z.strictObject({
        traffic: z.enum(['ALL', 'ACCEPT', 'REJECT']).optional().describe('Default ALL.'),
        retentionDays: z.int().min(1).max(3653).optional().describe('Default 30.'),
      }),
    ])
    .optional()
    .describe('Records who talked to whom. Default: everything, for 30 days. `false`: none.'),
});
