import * as athena from "@aws-sdk/client-athena";
import * as glue from "@aws-sdk/client-glue";
import { DuckDBInstance } from "@duckdb/node-api";
import { rowsOf } from "./athena-values.ts";
import { type AwsDisturbance, AwsFault, type AwsRequest, startAwsJsonServer } from "./aws-json.ts";

/** A table of the simulated Glue catalog, whose rows the engine reads from `files`. */
export interface SimulatedTable {
  database: string;
  name: string;
  columns: { Name: string; Type: string }[];
  partitionKeys?: { Name: string; Type: string }[];
  /** As Glue says it. */
  location: string;
  /** Places of its registered partitions. */
  partitions?: string[];
  serde?: string;
  parameters?: Record<string, string>;
  tableType?: string;
  /** What DuckDB selects its rows from, such as `read_parquet('/tmp/x/*.parquet')`. */
  from: string;
  /** Bytes a query of it scans. */
  sizeBytes: number;
}

export interface SimulatedExecution {
  id: string;
  input: athena.StartQueryExecutionCommandInput;
  state: athena.QueryExecutionState;
  stops: number;
  polls: number;
}

/** Athena and Glue on loopback: their wire format by the SDK's schemas, their rows by DuckDB on real files. */
export interface AthenaServer {
  endpoint: string;
  requests: AwsRequest[];
  executions: SimulatedExecution[];
  /** Looks at which a query is still at work. `Infinity`: until it is stopped. */
  behaviour: {
    pollsToRun: number;
    /** Looks at which a stopped query has not ended yet. */
    pollsToStop: number;
    fail?: athena.QueryExecutionStatus | undefined;
    isReused: boolean;
    cutoffBytes?: number | undefined;
    disturb(request: AwsRequest): AwsDisturbance;
  };
  stop(): Promise<void>;
}

export const account = "123456789012";

interface Run {
  execution: SimulatedExecution;
  rows: ReturnType<typeof rowsOf>;
  scannedBytes: number;
  stoppedAtPoll?: number;
  endedAtPoll?: number;
  fault?: string;
}

export async function startAthenaServer(tables: readonly SimulatedTable[]): Promise<AthenaServer> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'; ATTACH ':memory:' AS awsdatacatalog");
  for (const { database, name, from } of tables) {
    await connection.run(`CREATE SCHEMA IF NOT EXISTS awsdatacatalog."${database}"`);
    await connection.run(`CREATE VIEW awsdatacatalog."${database}"."${name}" AS SELECT * FROM ${from}`);
  }
  const runs = new Map<string, Run>();
  const tokens = new Map<string, string>();
  const behaviour: AthenaServer["behaviour"] = {
    pollsToRun: 2,
    pollsToStop: 1,
    isReused: false,
    disturb: () => undefined,
  };

  const operations: Record<string, (input: never) => unknown> = {
    async StartQueryExecution(input: athena.StartQueryExecutionCommandInput) {
      const known = tokens.get(input.ClientRequestToken ?? "");
      if (known !== undefined) {
        if (runs.get(known)?.execution.input.QueryString !== input.QueryString)
          throw new AwsFault("InvalidRequestException", "Idempotent parameters do not match");
        return { QueryExecutionId: known };
      }
      const id = `00000000-0000-4000-8000-${String(runs.size + 1).padStart(12, "0")}`;
      tokens.set(input.ClientRequestToken ?? "", id);
      const execution: SimulatedExecution = { id, input, state: "QUEUED", stops: 0, polls: 0 };
      const run: Run = { execution, rows: { columns: [], rows: [] }, scannedBytes: 0 };
      runs.set(id, run);
      try {
        run.rows = rowsOf(await connection.runAndReadAll(input.QueryString ?? ""));
        run.scannedBytes = tables
          .filter(({ database, name }) => input.QueryString?.includes(`"${database}"."${name}"`))
          .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      } catch (thrown) {
        run.fault = String(thrown);
      }
      return { QueryExecutionId: id };
    },
    GetQueryExecution({ QueryExecutionId }: athena.GetQueryExecutionCommandInput) {
      const run = find(QueryExecutionId);
      advance(run);
      const { execution } = run;
      const isDone = execution.state === "SUCCEEDED";
      const looks = run.endedAtPoll ?? execution.polls;
      const share = isDone ? 1 : Math.min(0.9, looks / 10);
      const failed =
        run.fault === undefined
          ? behaviour.fail
          : { StateChangeReason: run.fault, AthenaError: { ErrorCategory: 2 } };
      return {
        QueryExecution: {
          QueryExecutionId: execution.id,
          Query: execution.input.QueryString,
          StatementType: "DML",
          WorkGroup: execution.input.WorkGroup,
          Status: {
            ...(["FAILED", "CANCELLED"].includes(execution.state) ? failed : {}),
            State: execution.state,
          },
          Statistics: {
            DataScannedInBytes: behaviour.isReused ? 0 : Math.round(run.scannedBytes * share),
            TotalExecutionTimeInMillis: 10 * looks,
            ResultReuseInformation: { ReusedPreviousResult: behaviour.isReused },
          },
        },
      };
    },
    StopQueryExecution({ QueryExecutionId }: athena.StopQueryExecutionCommandInput) {
      const run = find(QueryExecutionId);
      run.execution.stops++;
      run.stoppedAtPoll ??= run.execution.polls;
      return {};
    },
    GetQueryResults({ QueryExecutionId, NextToken, MaxResults = 1000 }: athena.GetQueryResultsCommandInput) {
      const { execution, rows } = find(QueryExecutionId);
      if (execution.state !== "SUCCEEDED")
        throw new AwsFault(
          "InvalidRequestException",
          `Query has not yet finished. Current state: ${execution.state}`,
        );
      const header = { Data: rows.columns.map(({ Name }) => ({ VarCharValue: Name })) };
      const all = [header, ...rows.rows];
      const start = Number(NextToken ?? 0);
      const end = start + MaxResults;
      return {
        ResultSet: { Rows: all.slice(start, end), ResultSetMetadata: { ColumnInfo: rows.columns } },
        ...(end < all.length ? { NextToken: String(end) } : {}),
      };
    },
    GetWorkGroup({ WorkGroup }: athena.GetWorkGroupCommandInput) {
      if (WorkGroup !== "agents")
        throw new AwsFault("InvalidRequestException", `WorkGroup ${WorkGroup} was not found`);
      return {
        WorkGroup: {
          Name: WorkGroup,
          State: "ENABLED",
          Configuration: {
            ResultConfiguration: { OutputLocation: "s3://results/agents/" },
            ...(behaviour.cutoffBytes === undefined
              ? {}
              : { BytesScannedCutoffPerQuery: behaviour.cutoffBytes }),
          },
        },
      };
    },
    GetTable({ DatabaseName, Name }: glue.GetTableCommandInput) {
      const table = tables.find(({ database, name }) => database === DatabaseName && name === Name);
      if (!table) throw new AwsFault("EntityNotFoundException", "Entity Not Found");
      return { Table: glueTable(table) };
    },
    GetTables({ DatabaseName, NextToken }: glue.GetTablesCommandInput) {
      const inDatabase = tables.filter(({ database }) => database === DatabaseName);
      if (inDatabase.length === 0)
        throw new AwsFault("EntityNotFoundException", `Database ${DatabaseName} not found.`);
      // One to a page, so that pages are walked.
      const at = Number(NextToken ?? 0);
      return {
        TableList: inDatabase.slice(at, at + 1).map(glueTable),
        ...(at + 1 < inDatabase.length ? { NextToken: String(at + 1) } : {}),
      };
    },
    GetPartitions({ DatabaseName, TableName, NextToken }: glue.GetPartitionsCommandInput) {
      const table = tables.find(({ database, name }) => database === DatabaseName && name === TableName);
      const all = table?.partitions ?? [];
      const at = Number(NextToken ?? 0);
      return {
        Partitions: all.slice(at, at + 1).map((Location) => ({ StorageDescriptor: { Location } })),
        ...(at + 1 < all.length ? { NextToken: String(at + 1) } : {}),
      };
    },
  };

  const find = (id: string | undefined): Run => {
    const run = runs.get(id ?? "");
    if (!run) throw new AwsFault("InvalidRequestException", `QueryExecution ${id} was not found`);
    return run;
  };

  const advance = (run: Run): void => {
    const { execution, stoppedAtPoll, fault } = run;
    execution.polls++;
    if (isOver(execution)) return;
    if (stoppedAtPoll !== undefined) {
      if (execution.polls > stoppedAtPoll + behaviour.pollsToStop) execution.state = "CANCELLED";
    } else if (execution.polls <= behaviour.pollsToRun)
      execution.state = execution.polls === 1 ? "QUEUED" : "RUNNING";
    else
      execution.state =
        fault !== undefined || behaviour.fail ? (behaviour.fail?.State ?? "FAILED") : "SUCCEEDED";
    if (isOver(execution)) run.endedAtPoll = execution.polls;
  };

  const server = await startAwsJsonServer({
    services: { AmazonAthena: { ...athena }, AWSGlue: { ...glue } },
    disturb: (request) => behaviour.disturb(request),
    async handle({ operation, input }) {
      const run = operations[operation];
      if (!run) throw new AwsFault("UnknownOperationException", operation);
      return run(input as never);
    },
  });
  return {
    endpoint: server.endpoint,
    requests: server.requests,
    get executions() {
      return [...runs.values()].map(({ execution }) => execution);
    },
    behaviour,
    async stop() {
      await server.stop();
      connection.closeSync();
      instance.closeSync();
    },
  };
}

const parquetSerde = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";

function glueTable({ database, name, columns, location, ...table }: SimulatedTable): glue.Table {
  return {
    Name: name,
    DatabaseName: database,
    CatalogId: account,
    TableType: table.tableType ?? "EXTERNAL_TABLE",
    UpdateTime: new Date("2026-01-02T03:04:05Z"),
    PartitionKeys: table.partitionKeys ?? [],
    Parameters: table.parameters ?? {},
    StorageDescriptor: {
      Columns: columns,
      ...(location === "" ? {} : { Location: location }),
      SerdeInfo: { SerializationLibrary: table.serde ?? parquetSerde },
    },
  };
}

function isOver({ state }: SimulatedExecution): boolean {
  return ["SUCCEEDED", "FAILED", "CANCELLED"].includes(state);
}
