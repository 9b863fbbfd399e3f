import { z } from 'zod';

export const applicationSettings = z.strictObject({
  image: z.string().min(1),
  replicas: z.int().min(0).max(1000).default(1),
  port: z.int().min(1).max(65535).optional(),
});

/** Everything that an environment's file may set under `mainstay:`. */
export const settingsSchema = z.strictObject({
  sandbox: z.boolean().default(false),
  applications: z.record(z.string(), applicationSettings).default({}),
});

export type Settings = z.infer<typeof settingsSchema>;
