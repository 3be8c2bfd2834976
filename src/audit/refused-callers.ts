import type { Log } from "../telemetry/log.ts";
import { boundedText } from "./record/recorded-arguments.ts";
import type { RecordWriter } from "./record-writer.ts";

/** A request whose credentials were not accepted, or that was turned away before they were looked at. Holds nothing of them. */
export interface RefusedCaller {
  /** Such as `invalid` for credentials, `denied` for a foreign host or origin. */
  kind: string;
  /** What was wrong, in words of ours. */
  reason: string;
  via?: string | undefined;
  method: string;
  /** Of the URL, without its query. */
  path: string;
  correlationId: string;
}

export interface RefusedCallers {
  refused(caller: RefusedCaller): void;
  /** Records what was only counted yet. */
  close(): void;
}

const windowMs = 60_000;
const mostRecorded = 10;
const maxReasonChars = 320;
const maxPathChars = 200;

/**
 * Records callers who could not prove who they are or were not asked: so many a minute, and how many more there were. Anybody who reaches the
 * address can be one, and must not be able to fill the journal's disk.
 */
export function createRefusedCallers({
  journal,
  log,
  now,
  elapsedMs = () => performance.now(),
}: {
  journal: Pick<RecordWriter, "keep">;
  log: Log;
  now(): number;
  /** What a minute is measured by: a wall clock that is set back would make one last for as long as it went back. */
  elapsedMs?: () => number;
}): RefusedCallers {
  let window = { endsMs: Number.NEGATIVE_INFINITY, recorded: 0 };
  let leftOut = 0;
  let timer: NodeJS.Timeout | undefined;
  const keep = (fields: Record<string, unknown>) => {
    const record = { kind: "unauthenticated" as const, time: new Date(now()).toISOString(), ...fields };
    journal.keep(record).catch((error: unknown) => log.error("audit record lost", { error }));
  };
  const tellLeftOut = () => {
    clearTimeout(timer);
    timer = undefined;
    if (leftOut > 0) keep({ leftOut });
    leftOut = 0;
  };
  return {
    refused({ kind, reason, via, method, path, correlationId }) {
      if (elapsedMs() >= window.endsMs) {
        tellLeftOut();
        window = { endsMs: elapsedMs() + windowMs, recorded: 0 };
      }
      if (++window.recorded <= mostRecorded) {
        // A reason may quote the host or origin that was named.
        const said = { reason: boundedText(reason, maxReasonChars), path: boundedText(path, maxPathChars) };
        keep({ result: kind, via, method, ...said, correlationId });
        return;
      }
      leftOut++;
      timer ??= setTimeout(tellLeftOut, window.endsMs - elapsedMs()).unref();
    },
    close: tellLeftOut,
  };
}
