import type { SinkSettings } from "../settings.ts";
import { createCloudwatchSink } from "./cloudwatch-sink.ts";
import { createPostgresqlSink } from "./postgresql-sink.ts";
import type { Sink } from "./sink.ts";

/** The sinks that are named. They connect with the first record. */
export function openSinks({ postgresql, cloudwatch }: SinkSettings, now: () => number): Sink[] {
  return [
    ...(postgresql ? [createPostgresqlSink(postgresql)] : []),
    ...(cloudwatch ? [createCloudwatchSink(cloudwatch, now)] : []),
  ];
}
