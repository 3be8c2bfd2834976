import { vi } from "vitest";
import { openAnchors } from "../../src/audit/anchors/open-anchors.ts";
import { type ReadRecord, readLine } from "../../src/audit/record/record.ts";
import type { AnchorSettings, TableAuditSettings } from "../../src/audit/settings.ts";
import { createAuditTable, type TableRow } from "../../src/audit/table/audit-table.ts";
import { createTableAudit, type TableAuditOptions } from "../../src/audit/table/create-table-audit.ts";
import { verifyTable } from "../../src/audit/verify/verify-table.ts";
import type { Log } from "../../src/telemetry/log.ts";
import { dynamoDbEnvironment, startDynamoDb } from "./dynamodb-server.ts";
import { type Fault, startFaultProxy } from "./fault-proxy.ts";

type TestAuditOptions = Partial<Omit<TableAuditOptions, "settings">> & {
  settings?: Partial<TableAuditSettings>;
};

/** A table of DynamoDB on loopback behind a proxy that faults as it is told, for one file of tests. */
export async function startAuditTable() {
  for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
  const server = await startDynamoDb("sluice-audit");
  /** The fault is of the next request alone where it is `isOnce`. */
  const state = { fault: undefined as Fault | undefined, isOnce: false, requests: 0 };
  const proxy = await startFaultProxy(server.endpoint, () => {
    state.requests++;
    const { fault } = state;
    if (state.isOnce) state.fault = undefined;
    return fault;
  });
  const settings = (endpoint = proxy.endpoint): TableAuditSettings => ({
    table: server.table,
    region: "eu-west-1",
    endpoint,
    retentionDays: 90,
    anchor: undefined,
    anchorEveryMs: 0,
  });
  const logged: string[] = [];
  const keep = (event: string) => void logged.push(event);
  const log: Log = { error: keep, warn: keep, info: () => {}, debug: () => {} };
  let chains = 0;
  const table = createAuditTable(settings(server.endpoint));
  const rows = async () => {
    const found: TableRow[] = [];
    for await (const row of table.read({})) found.push(row);
    return found;
  };
  return {
    server,
    state,
    logged,
    table,
    rows,
    endpoint: proxy.endpoint,
    audit: ({ settings: given, ...options }: TestAuditOptions = {}) =>
      createTableAudit({
        settings: { ...settings(), ...given },
        log,
        now: Date.now,
        newId: () => `chain-${++chains}`,
        ...options,
      }),
    /** By number within their chains. */
    async records() {
      const read = (await rows()).map(({ line }) => readLine(line));
      return (read as ReadRecord[]).sort((a, b) => a.sequence - b.sequence);
    },
    verify: (keptSinceMs = Date.now() - 90 * 86_400_000, anchor?: AnchorSettings) =>
      verifyTable({ rows: table.read({}), store: anchor && openAnchors(anchor), keptSinceMs }),
    async stop() {
      await table.close();
      await proxy.stop();
      await server.stop();
      vi.unstubAllEnvs();
    },
  };
}
