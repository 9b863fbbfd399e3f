import type { z } from 'zod';
import type * as schemas from './schemas.ts';

/** The types of what the HTTP API takes and answers: see schemas.ts, from which they are made. */
export type StatusResponse = z.output<typeof schemas.statusSchema>;
export type RepositoryStatus = z.output<typeof schemas.repositorySchema>;
export type StackStatus = z.output<typeof schemas.stackSchema>;
export type RunResponse = z.output<typeof schemas.runSchema>;
export type RunDetailResponse = z.output<typeof schemas.runDetailSchema>;
export type ResourceStep = z.output<typeof schemas.resourceStepSchema>;
export type PropertyChangeResponse = z.output<typeof schemas.propertyChangeSchema>;
export type UndoResponse = z.output<typeof schemas.undoSchema>;
export type ChangeResponse = z.output<typeof schemas.changeSchema>;
export type ChangeDetailResponse = z.output<typeof schemas.changeDetailSchema>;
export type RolloutResponse = z.output<typeof schemas.rolloutSchema>;
export type RolloutDetailResponse = z.output<typeof schemas.rolloutDetailSchema>;
export type ResourceResponse = z.output<typeof schemas.resourceSchema>;
export type GraphResponse = z.output<typeof schemas.graphSchema>;
export type RunEventResponse = z.output<typeof schemas.numberedEventSchema>;
export type ComparisonResponse = z.output<typeof schemas.comparisonSchema>;
export type DriftResponse = z.output<typeof schemas.driftSchema>;
export type AuditEntryResponse = z.output<typeof schemas.auditEntrySchema>;
export type ImageResponse = z.output<typeof schemas.imageSchema>;
export type PromotionResponse = z.output<typeof schemas.promotionSchema>;
export type PromotionRequest = z.output<typeof schemas.promotionRequestSchema>;
export type RollbackRequest = z.output<typeof schemas.rollbackRequestSchema>;
export type OfferedRevertResponse = z.output<typeof schemas.offeredRevertSchema>;
export type EnvironmentResponse = z.output<typeof schemas.environmentSchema>;
export type EnvironmentRequest = z.output<typeof schemas.environmentRequestSchema>;
export type UnlockedResponse = z.output<typeof schemas.unlockedSchema>;
export type SettingsResponse = z.output<typeof schemas.settingsSchema>;
export type SettingResponse = z.output<typeof schemas.settingSchema>;
export type DecisionRequest = z.output<typeof schemas.decisionSchema>;
export type AccountResponse = z.output<typeof schemas.accountSchema>;
export type SessionResponse = z.output<typeof schemas.sessionSchema>;
export type AccessTokenResponse = z.output<typeof schemas.accessTokenSchema>;
export type SignInRequest = z.output<typeof schemas.signInSchema>;
export type SignInLinkResponse = z.output<typeof schemas.signInLinkSchema>;
export type NewTokenRequest = z.input<typeof schemas.newTokenRequestSchema>;
export type NewTokenResponse = z.output<typeof schemas.newTokenSchema>;
export type ErrorResponse = z.output<typeof schemas.errorSchema>;

/** One page of a list. Where there is more, `next` is what `after` has to be to get it. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly next?: string;
}
export type GrantRequest = z.output<typeof schemas.grantSchema>;
export type NewAccountRequest = z.input<typeof schemas.newAccountRequestSchema>;
export type NewAccountResponse = z.output<typeof schemas.newAccountSchema>;
export type SignedOutResponse = z.output<typeof schemas.signedOutSchema>;
export type SignInWaysResponse = z.output<typeof schemas.signInWaysSchema>;
