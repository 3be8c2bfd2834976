import { afterAll, expect, test } from "vitest";
import { checkAthena } from "../../src/commands/doctor/athena.ts";
import { startAthenaLake } from "../harness/athena-lake.ts";
import { AwsFault } from "../harness/aws-json.ts";

const lake = await startAthenaLake();
afterAll(() => lake.stop());

test("sluice doctor looks at the workgroup and the tables, and starts no query", async () => {
  const athena = lake.lake.athena;
  if (!athena || !lake.settings.athena) throw new Error("Athena is not set up.");
  const settings = lake.settings.athena;
  const look = () => checkAthena(athena, settings);
  lake.athena.requests.length = 0;
  expect(await look()).toMatchObject([
    {
      status: "warning",
      message: expect.stringContaining("stops no query"),
      mend: expect.stringContaining("BytesScannedCutoffPerQuery"),
    },
    { status: "ok", message: "4 may be read" },
  ]);
  lake.athena.behaviour.cutoffBytes = 1024 ** 3;
  expect((await look())[0]).toMatchObject({
    status: "ok",
    message: expect.stringContaining("s3://results/agents/"),
  });
  lake.athena.behaviour.disturb = ({ operation }) =>
    operation === "GetWorkGroup" ? new AwsFault("AccessDeniedException", "no") : undefined;
  expect(await look()).toMatchObject([
    { status: "failed", mend: expect.stringContaining("athena:GetWorkGroup") },
  ]);
  expect(lake.athena.requests.map(({ operation }) => operation)).not.toContain("StartQueryExecution");
});
