/**
 * Rows of every type Parquet can hold, by number. The same `salt` gives the same rows. `order` is what column `id`
 * is of row `i`: sorted ids make row groups that statistics tell apart.
 */
export function richRows(rows: number, salt: number, order: "sorted" | "mixed" = "sorted"): string {
  const h = (word: string) => `hash(i, ${salt}, '${word}')`;
  const pick = (word: string, below: number) => `(${h(word)} % ${below})::INTEGER`;
  const orNull = (word: string, value: string, every = 7) =>
    `CASE WHEN ${h(`null ${word}`)} % ${every} = 0 THEN NULL ELSE ${value} END AS ${word}`;
  const columns = [
    `${order === "sorted" ? "i" : `(i * 7919) % ${Math.max(rows, 1)}`} AS id`,
    orNull("k", pick("k", 40)),
    orNull("tiny", `(${pick("tiny", 250)} - 125)::TINYINT`),
    orNull("small", `(${pick("small", 60_000)} - 30000)::SMALLINT`),
    orNull(
      "u64",
      `CASE WHEN ${pick("u64", 3)} = 0 THEN 18446744073709551615 - ${pick("u", 9)} ELSE ${pick("u6", 100)} END::UBIGINT`,
    ),
    orNull("u16", `${pick("u16", 65_000)}::USMALLINT`),
    orNull("big", `${pick("big", 1000)}::BIGINT * 9007199254740993`),
    orNull("d", `${pick("d", 4000)} / 4.0`),
    orNull(
      "f",
      `CASE ${pick("f", 9)} WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN 'inf' WHEN 2 THEN '-inf' WHEN 3 THEN '-0.0' WHEN 4 THEN 0 ELSE i / 8.0 END`,
      5,
    ),
    orNull("r", `(${pick("r", 900)} / 10.0)::FLOAT`),
    orNull("money", `${pick("money", 1000)}::DECIMAL(38,6) * 12345678901234567890.123456::DECIMAL(30,6)`),
    orNull("price", `(${pick("price", 100_000)} / 100.0)::DECIMAL(9,2)`),
    orNull("mid", `(${pick("mid", 100_000)} / 100.0)::DECIMAL(18,4)`),
    orNull("s", `['AIR', 'MAIL', 'RAIL', 'SHIP', 'TRUCK', '', 'ä🙂', 'reg air'][${pick("s", 8)} + 1]`),
    orNull("t", `'a common beginning of all texts ' || ${h("t")}`),
    orNull("b", `${pick("b", 2)} = 1`),
    orNull("day", `DATE '1995-01-01' + (i % 900)::INTEGER`),
    orNull("moment", `TIMESTAMP '2024-03-30 23:59:59.123456' + to_minutes(i)`),
    orNull("zoned", `TIMESTAMPTZ '2024-10-27 00:30:00+00' + to_hours(${pick("zoned", 5000)})`),
    orNull("ns", `make_timestamp_ns(1700000000000000000 + i)`),
    orNull("clock", `TIME '00:00:00' + to_seconds(${pick("clock", 86_000)})`),
    orNull("uid", `md5(${h("uid")}::VARCHAR)::UUID`),
    orNull("bytes", `from_hex(substr(md5(${h("bytes")}::VARCHAR), 1, 2 * ${pick("width", 5)}))`),
    orNull("doc", `('{"n": ' || i || '}')::JSON`),
    "NULL::INTEGER AS nothing",
    orNull(
      "place",
      `{'city': ['Oslo', 'Rom', NULL][${pick("city", 3)} + 1], 'at': {'x': ${pick("x", 100)} / 2.0, 'day': DATE '2020-01-01' + ${pick("dd", 300)}}}`,
    ),
    orNull("items", `list_transform(range(${pick("items", 4)}), x -> (x * ${pick("factor", 9)})::INTEGER)`),
    orNull("lines", `[{'sku': 'sku' || ${pick("sku", 50)}, 'n': ${pick("n", 9)}}]`),
    orNull("tags", `MAP {'k' || ${pick("key", 3)}: ${pick("tag", 9)}}`),
  ];
  return `SELECT ${columns.join(", ")} FROM range(${rows}) r(i)`;
}

/** Large, hardly compressible columns beside small ones: what is not read of such a file is most of it. */
export function largeRows(rows: number, salt: number): string {
  const noise = (word: string, blocks: number) =>
    `concat(${Array.from({ length: blocks }, (_, n) => `md5((i + ${n * 1_000_003} + ${salt})::VARCHAR || '${word}')`).join(", ")})`;
  return `SELECT i AS id, (i // 2048)::INTEGER AS block, (hash(i, ${salt}) % 100)::INTEGER AS k,
    ${noise("first", 8)} AS first_noise, (hash(i, ${salt + 1}) % 1000)::INTEGER / 8.0 AS d, ${noise("second", 8)} AS second_noise,
    CASE WHEN i % 3 = 0 THEN NULL ELSE ['N', 'R', 'A'][(i % 3)::INTEGER + 1] END AS flag,
    DATE '1992-01-01' + (i % 2000)::INTEGER AS day, ${noise("third", 4)} AS third_noise FROM range(${rows}) r(i)`;
}

/** Five hundred columns of four types. */
export function wideRows(rows: number, salt: number): string {
  const columns = Array.from({ length: 500 }, (_, n) => {
    const value = `hash(i, ${n}, ${salt}) % ${10 + n}`;
    return (
      [`(${value})::INTEGER`, `(${value}) / 4.0`, `'w' || (${value})`, `(${value})::BIGINT`][n % 4] +
      ` AS c${n}`
    );
  });
  return `SELECT i AS id, ${columns.join(", ")} FROM range(${rows}) r(i)`;
}

/** Texts of which some are very long, the rest share more than a statistic keeps of them. */
export function longTexts(rows: number, salt: number): string {
  return `SELECT i AS id, CASE WHEN i % 500 = 0 THEN repeat('long ' || i, 20000) ELSE repeat('x', 80) || (hash(i, ${salt}) % 100) END AS body,
    repeat(chr(1114111), 30) || (i % 50) AS highest, CASE WHEN i % 2 = 0 THEN from_hex('ffffffffffffffffffffffff') || i::VARCHAR::BLOB END AS raw
    FROM range(${rows}) r(i)`;
}
