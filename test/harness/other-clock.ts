import type { IncomingMessage } from "node:http";
import { type Fault, startFaultProxy } from "./fault-proxy.ts";

export interface OtherClock {
  endpoint: string;
  /** Of each request so far. */
  verdicts: ("refused" | "taken")[];
  stop(): Promise<void>;
}

export const minutes20Ms = 20 * 60_000;
const mostMs = 15 * 60_000;

/**
 * Puts a service under a clock that is `aheadMs` ahead of ours, which it tells with each answer, and by which it refuses, with
 * `refusal`, what is signed for another time. Source: S3 API reference, "RequestTimeTooSkewed"; RFC 9110, "Date".
 */
export async function startOtherClock(
  target: string,
  refusal: { status: number; body: string },
  aheadMs: () => number,
): Promise<OtherClock> {
  const verdicts: OtherClock["verdicts"] = [];
  const judge = ({ headers }: IncomingMessage): Fault => {
    const theirsMs = Date.now() + aheadMs();
    const date = new Date(theirsMs).toUTCString();
    const isRefused = Math.abs(signedMs(headers["x-amz-date"]) - theirsMs) > mostMs;
    verdicts.push(isRefused ? "refused" : "taken");
    return isRefused
      ? { kind: "answer", ...refusal, headers: { date } }
      : { kind: "headers", headers: { date } };
  };
  const { endpoint, stop } = await startFaultProxy(target, judge);
  return { endpoint, verdicts, stop };
}

/** Such as `20261126T110000Z`. Milliseconds since the epoch. */
export function signedMs(date: unknown): number {
  const form = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
  return Date.parse(String(date).replace(form, "$1-$2-$3T$4:$5:$6Z"));
}
