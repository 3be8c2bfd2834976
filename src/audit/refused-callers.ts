import type { Log } from "../telemetry/log.ts";
import { boundedText } from "./record/recorded-arguments.ts";
import type { RecordWriter } from "./record-writer.ts";

/** A request whose credentials were not accepted. Holds nothing of them. */
export interface RefusedCaller {
  /** Such as `invalid`. */
  kind: string;
  /** What was wrong, in words of ours. */
  reason: string;
  via?: string | undefined;
  method: string;
  /** Of the URL, without its query. */
  path: string;
  /** Of the caller's trace, where it has one. */
  correlationId?: string | undefined;
}

export interface RefusedCallers {
  refused(caller: RefusedCaller): void;
  /** Records what was only counted yet. */
  close(): void;
}

const windowMs = 60_000;
const mostRecorded = 10;

/**
 * Records callers who could not prove who they are: so many a minute, and how many more there were. Anybody who reaches the
 * address can be one, and must not be able to fill the journal's disk.
 */
export function createRefusedCallers({
  journal,
  log,
  now,
}: {
  journal: Pick<RecordWriter, "keep">;
  log: Log;
  now(): number;
}): RefusedCallers {
  let window = { endsMs: 0, recorded: 0 };
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
      if (now() >= window.endsMs) {
        tellLeftOut();
        window = { endsMs: now() + windowMs, recorded: 0 };
      }
      if (++window.recorded <= mostRecorded) {
        keep({ result: kind, reason, via, method, path: boundedText(path, 200), correlationId });
        return;
      }
      leftOut++;
      timer ??= setTimeout(tellLeftOut, window.endsMs - now()).unref();
    },
    close: tellLeftOut,
  };
}
