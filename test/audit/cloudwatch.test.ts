import * as cloudwatchLogs from "@aws-sdk/client-cloudwatch-logs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AuditPlace, auditedPath, createAuditPlace } from "../harness/audit.ts";
import {
  type AwsDisturbance,
  AwsFault,
  type AwsJsonServer,
  startAwsJsonServer,
} from "../harness/aws-json.ts";
import { call } from "../harness/call-path.ts";

interface Event {
  timestamp: number;
  message: string;
}

/** CloudWatch Logs with one log group, which rejects events by their age as the service does: with an answer of 200. */
let logs: { server: AwsJsonServer; streams: Map<string, Event[]>; disturb: () => AwsDisturbance };
let place: AuditPlace;
beforeEach(async () => {
  place = await createAuditPlace();
  const streams = new Map<string, Event[]>();
  logs = {
    streams,
    disturb: () => undefined,
    server: await startAwsJsonServer({
      services: { Logs_20140328: { ...cloudwatchLogs } },
      disturb: () => logs.disturb(),
      handle: async ({ operation, input }) => {
        if (input.logGroupName !== "/audit") throw new AwsFault("ResourceNotFoundException", "no such group");
        if (operation === "CreateLogStream") streams.set(input.logStreamName, []);
        else return putEvents(streams.get(input.logStreamName), input.logEvents);
      },
    }),
  };
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) process.env[name] = "test";
});
afterEach(async () => {
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) delete process.env[name];
  await logs.server.stop();
  await place.remove();
});

const twoWeeksMs = 14 * 86_400_000;

function putEvents(stream: Event[] | undefined, events: Event[]) {
  if (!stream) throw new AwsFault("ResourceNotFoundException", "no such stream");
  if (events.some(({ timestamp }, index) => timestamp < (events[index - 1]?.timestamp ?? 0)))
    throw new AwsFault("InvalidParameterException", "not in chronological order");
  const oldEnd = events.filter(({ timestamp }) => timestamp < Date.now() - twoWeeksMs).length;
  stream.push(...events.slice(oldEnd));
  return { rejectedLogEventsInfo: oldEnd > 0 ? { tooOldLogEventEndIndex: oldEnd } : undefined };
}

const cloudwatch = () => ({ logGroup: "/audit", region: "eu-central-1", endpoint: logs.server.endpoint });

/** The stream holds the lines of the journal, in their order. */
async function expectStreamed() {
  const { lines } = await place.file();
  expect([...logs.streams.values()].map((events) => events.map(({ message }) => message))).toEqual([lines]);
  return lines.length;
}

test("records stand in a stream of their chain, in their order", async () => {
  const audit = place.audit({ settings: { cloudwatch: cloudwatch() } });
  for (let index = 0; index < 5; index++) await call(auditedPath(audit), "test_write_word");
  await audit.close();
  expect(await expectStreamed()).toBe(12);
});

test("records that are rejected for their age are put again under the present time", async () => {
  let nowMs = Date.now() - 20 * 86_400_000;
  const now = () => nowMs;
  const audit = place.audit({ now });
  await call(auditedPath(audit, [], { now }), "test_write_word");
  await audit.close();
  nowMs = Date.now();
  const { lines } = await place.file();
  const server = place.audit({ now, settings: { cloudwatch: cloudwatch() } });
  await expect.poll(() => [...logs.streams.values()].flat()).toHaveLength(lines.length);
  await server.close();
  await expectStreamed();
});

test("a service that throttles and fails for a while loses no record", async () => {
  let faults = 6;
  logs.disturb = () => (faults-- > 0 ? new AwsFault("ThrottlingException", "Rate exceeded") : undefined);
  const audit = place.audit({ settings: { cloudwatch: cloudwatch() } });
  for (let index = 0; index < 20; index++) await call(auditedPath(audit), "test_write_word");
  await expect.poll(() => place.logged, { timeout: 20_000 }).toContain("audit sink takes records again");
  await expect.poll(() => audit.backlogs()).toMatchObject([{ sink: "cloudwatch", records: 0 }]);
  await audit.close();
  expect(await expectStreamed()).toBe(42);
  expect(place.logged).toEqual(["audit sink fails", "audit sink takes records again"]);
});

test("a service that hangs is told after ten seconds, and has every record once it answers", async () => {
  let isHanging = true;
  logs.disturb = () => (isHanging ? "hang" : undefined);
  const audit = place.audit({ settings: { cloudwatch: cloudwatch() } });
  await call(auditedPath(audit), "test_write_word");
  await expect.poll(() => place.logged, { timeout: 15_000 }).toEqual(["audit sink fails"]);
  isHanging = false;
  // The next try may have begun before, and then hangs for ten seconds too.
  await expect.poll(() => place.logged, { timeout: 25_000 }).toContain("audit sink takes records again");
  await audit.close();
  expect(await expectStreamed()).toBe(4);
}, 60_000);
