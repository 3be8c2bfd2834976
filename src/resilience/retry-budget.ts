import type { RetryBudget } from "../core/service-guard.ts";

/** Those of the AWS SDK's standard mode: 100 retries in a row with no success between them. */
const fullTokens = 500;
const retryCost = 5;
const successGain = 1;

/** A full budget. Source: AWS SDKs and Tools Reference Guide, "Retry behavior", standard mode. */
export function createRetryBudget(): RetryBudget {
  let tokens = fullTokens;
  return {
    take() {
      if (tokens < retryCost) return false;
      tokens -= retryCost;
      return true;
    },
    succeeded(wasRetried) {
      tokens = Math.min(fullTokens, tokens + (wasRetried ? retryCost : successGain));
    },
  };
}
