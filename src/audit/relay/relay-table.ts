import { readLine } from "../record/record.ts";
import type { TableRow } from "../table/audit-table.ts";
import type { RelayedRecord, Sink } from "./sink.ts";

/** What became of one sink. */
export interface SinkRelayed {
  sink: string;
  /** Records that it has now, with those it had. */
  records: number;
  /** Why it got no more. */
  error?: unknown;
}

export interface TableRelayed {
  sinks: SinkRelayed[];
  /** Items that hold no record. */
  bad: number;
}

const maxRecords = 1_000;
const maxChars = 2 * 1024 * 1024;

/**
 * Sends records of a table to sinks, each chain's in their order within a batch. A sink that fails gets nothing more. Lines
 * that do not hold are sent as they are, for whoever looks at the sink should see it too.
 */
export async function relayTable(
  rows: AsyncIterable<TableRow>,
  sinks: readonly Sink[],
): Promise<TableRelayed> {
  const relayed = sinks.map((sink) => ({ sink, result: { sink: sink.name, records: 0 } as SinkRelayed }));
  let batch: RelayedRecord[] = [];
  let chars = 0;
  let bad = 0;
  const sendBatch = async () => {
    for (const { sink, result } of relayed) if (!("error" in result)) await sendTo(sink, batch, result);
    batch = [];
    chars = 0;
  };
  for await (const { line } of rows) {
    const record = readLine(line);
    if (!record) {
      bad++;
      continue;
    }
    batch.push({ record, line });
    chars += line.length;
    if (batch.length < maxRecords && chars < maxChars) continue;
    await sendBatch();
    if (relayed.every(({ result }) => "error" in result)) break;
  }
  if (batch.length > 0) await sendBatch();
  return { sinks: relayed.map(({ result }) => result), bad };
}

async function sendTo(sink: Sink, batch: readonly RelayedRecord[], result: SinkRelayed): Promise<void> {
  try {
    for (const records of byChain(batch)) {
      await sink.send(records);
      result.records += records.length;
    }
  } catch (error) {
    result.error = error;
  }
}

function byChain(batch: readonly RelayedRecord[]): RelayedRecord[][] {
  const chains = new Map<string, RelayedRecord[]>();
  for (const one of batch) {
    const { chain } = one.record;
    const known = chains.get(chain);
    if (known) known.push(one);
    else chains.set(chain, [one]);
  }
  return [...chains.values()].map((records) => records.sort((a, b) => a.record.sequence - b.record.sequence));
}
