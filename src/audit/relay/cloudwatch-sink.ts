import type {
  CloudWatchLogsClient,
  InputLogEvent,
  RejectedLogEventsInfo,
} from "@aws-sdk/client-cloudwatch-logs";
import type { CloudwatchSettings } from "../settings.ts";
import { makeLogsClient } from "./cloudwatch-client.ts";
import type { RelayedRecord, Sink } from "./sink.ts";

/** Each event counts 26 bytes beside its message. Source: CloudWatch Logs PutLogEvents. */
const eventOverheadBytes = 26;
const maxRequestBytes = 1_000_000;
const maxSpanMs = 23 * 3_600_000;

/**
 * Puts each chain's records into a log stream of its name. What the service rejects for its age is put again under the
 * present time, with the record's own time in it. The service knows no unique key: a request whose answer was lost makes
 * its records stand there twice, with the same hash.
 */
export function createCloudwatchSink(
  { logGroup, region, endpoint }: CloudwatchSettings,
  now: () => number,
): Sink {
  let made: Promise<CloudWatchLogsClient> | undefined;

  async function put(
    client: CloudWatchLogsClient,
    stream: string,
    events: readonly InputLogEvent[],
    isAnew = false,
  ): Promise<void> {
    const { PutLogEventsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
    const request = { logGroupName: logGroup, logStreamName: stream, logEvents: [...events] };
    const send = () => client.send(new PutLogEventsCommand(request));
    const { rejectedLogEventsInfo } = await send().catch(async (thrown: unknown) => {
      if (!(thrown instanceof Error) || thrown.name !== "ResourceNotFoundException") throw thrown;
      await createStream(client, logGroup, stream);
      return send();
    });
    const rejected = rejectedOf(events, rejectedLogEventsInfo);
    if (rejected.length === 0) return;
    const timestamp = now();
    if (isAnew) throw new Error(`CloudWatch Logs rejected ${rejected.length} records of the present time.`);
    const dated = rejected.map(({ message }) => ({ message, timestamp }));
    await put(client, stream, dated, true);
  }

  return {
    name: "cloudwatch",
    takesAll: true,
    async send(records) {
      made ??= makeLogsClient({ region, endpoint });
      const client = await made.catch((thrown: unknown) => {
        made = undefined;
        throw thrown;
      });
      const stream = records[0]?.record.chain;
      if (stream === undefined) return;
      for (const events of requestsOf(records, now())) await put(client, stream, events);
    },
    async close() {
      (await made?.catch(() => undefined))?.destroy();
    },
  };
}

async function createStream(client: CloudWatchLogsClient, logGroup: string, stream: string): Promise<void> {
  const { CreateLogStreamCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const request = { logGroupName: logGroup, logStreamName: stream };
  await client.send(new CreateLogStreamCommand(request)).catch((thrown: unknown) => {
    if (!(thrown instanceof Error) || thrown.name !== "ResourceAlreadyExistsException") throw thrown;
  });
}

/** Events in requests that the service takes: in the order of their times, within its bounds of size and span. */
function requestsOf(records: readonly RelayedRecord[], nowMs: number): InputLogEvent[][] {
  const requests: InputLogEvent[][] = [];
  let sizeBytes = Number.POSITIVE_INFINITY;
  let firstMs = 0;
  let lastMs = 0;
  for (const { record, line } of records) {
    const ownMs = Date.parse(record.time);
    // A record that was kept for a while stands behind later ones: the service wants times that never go back.
    lastMs = Math.max(lastMs, Number.isNaN(ownMs) ? nowMs : ownMs);
    const eventBytes = line.length + eventOverheadBytes;
    if (sizeBytes + eventBytes > maxRequestBytes || lastMs - firstMs > maxSpanMs) {
      requests.push([]);
      sizeBytes = 0;
      firstMs = lastMs;
    }
    requests.at(-1)?.push({ timestamp: lastMs, message: line });
    sizeBytes += eventBytes;
  }
  return requests;
}

/** Too old are the events before an index, too new those from one on. Source: RejectedLogEventsInfo. */
function rejectedOf(
  events: readonly InputLogEvent[],
  info: RejectedLogEventsInfo | undefined,
): InputLogEvent[] {
  if (!info) return [];
  const oldEnd = Math.max(info.tooOldLogEventEndIndex ?? 0, info.expiredLogEventEndIndex ?? 0);
  const newStart = info.tooNewLogEventStartIndex ?? events.length;
  return events.filter((_, index) => index < oldEnd || index >= newStart);
}
