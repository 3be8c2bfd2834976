import type { DuckDBConnection } from "@duckdb/node-api";

/** Days the order lines are spread over, from 1992-01-01, in the order of their keys. */
const days = 2_500;

/**
 * Table `lineitem`, after TPC-H's: 16 columns, sorted by l_orderkey, dates growing with the key. Every value follows
 * from the row's number, so each run of any machine has the same rows. Source: TPC-H specification, section 1.4.
 */
export async function makeLineitem(connection: DuckDBConnection, rows: number): Promise<void> {
  const pick = (salt: number, values: readonly string[]) =>
    `[${values.map((value) => `'${value}'`).join(", ")}][(hash(i * ${salt}) % ${values.length})::INTEGER + 1]`;
  const day = `DATE '1992-01-01' + (i * ${days} // ${rows})::INTEGER`;
  const money = (expression: string) => `(${expression})::DECIMAL(15,2)`;
  await connection.run(`CREATE TABLE lineitem AS SELECT
    (i // 4 * 4)::BIGINT AS l_orderkey,
    (hash(i) % 200000 + 1)::INTEGER AS l_partkey,
    (hash(i * 7) % 10000 + 1)::INTEGER AS l_suppkey,
    (i % 4 + 1)::INTEGER AS l_linenumber,
    ${money("hash(i * 3) % 50 + 1")} AS l_quantity,
    ${money("(hash(i * 11) % 9000000 + 90000) / 100.0")} AS l_extendedprice,
    ${money("(hash(i * 13) % 11) / 100.0")} AS l_discount,
    ${money("(hash(i * 17) % 9) / 100.0")} AS l_tax,
    ${pick(19, ["A", "N", "R"])} AS l_returnflag,
    ${pick(23, ["O", "F"])} AS l_linestatus,
    (${day} + (hash(i * 29) % 30)::INTEGER)::DATE AS l_shipdate,
    (${day} + (hash(i * 31) % 60)::INTEGER)::DATE AS l_commitdate,
    (${day} + 30 + (hash(i * 37) % 30)::INTEGER)::DATE AS l_receiptdate,
    ${pick(41, ["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"])} AS l_shipinstruct,
    ${pick(43, ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"])} AS l_shipmode,
    concat_ws(' ', ${pick(47, ["furiously", "quickly", "slyly", "carefully", "blithely", "fluffily"])},
      ${pick(53, ["regular", "special", "express", "pending", "final", "ironic"])},
      ${pick(59, ["deposits", "packages", "requests", "accounts", "pinto beans", "theodolites"])},
      substr(md5(i::VARCHAR), 1, (hash(i * 61) % 16)::INTEGER)) AS l_comment
    FROM range(${rows}) t(i)`);
}
