/** Tests at the size at which they prove something. */
export interface Proof {
  /** For `--only`. */
  name: string;
  title: string;
  /** What is done, in a sentence or two. */
  about: string;
  files: readonly string[];
  /** Of the tests in them, those whose names match. */
  tests?: string;
  env?: Readonly<Record<string, string>>;
  /** Whether a seed decides what happens in it. */
  isSeeded: boolean;
}

/** Each takes from ten seconds to some minutes. What was counted comes from the tests (`tellFigures`). */
export const proofs: readonly Proof[] = [
  {
    name: "kills",
    title: "Processes killed around writes",
    about:
      "Processes write through the audited call path, eight calls at once, and kill themselves (SIGKILL) at a seeded step: around a write to the journal, which syncs it, or the effect. All share one journal, which is verified after each kill. A kill meets several writes at once, each where it happens to be.",
    files: ["test/audit/killed.test.ts"],
    env: { AUDIT_KILLS: "200" },
    isSeeded: true,
  },
  {
    name: "resends",
    title: "Confirmed writes sent again after a kill",
    about:
      "As above with confirmed writes whose records are in DynamoDB, which is one more place to die at. A server is taken for dead after one second of silence, where the product waits 15. After each kill a server that takes the dead one's place is sent the calls that were not answered, and a few that were, each with its confirmation, twice at once; then another one, once more. Half of the writes are of a tool that can be run again, and has to be done in the end; of the others a client may be told that it is not known whether they were done, and then nothing is done.",
    files: ["test/audit/resent.test.ts"],
    env: { AUDIT_RESENT_KILLS: "100" },
    isSeeded: true,
  },
  {
    name: "tampering",
    title: "A journal that was tampered with",
    about:
      "A whole journal is changed at a seeded place, as somebody could who may write it, and held against its anchors. Forked is a history that was written anew from some record on, with right hashes.",
    files: ["test/audit/tampered.test.ts"],
    env: { AUDIT_TAMPERINGS: "200" },
    isSeeded: true,
  },
  {
    name: "outage",
    title: "A minute without PostgreSQL",
    about:
      "A server is called at a steady rate, half of it writes, before, while and after PostgreSQL is stopped. Afterwards every row is compared with the journal.",
    files: ["test/audit/outage.test.ts"],
    env: { AUDIT_OUTAGE_SECONDS: "60" },
    isSeeded: false,
  },
  {
    name: "quota",
    title: "A day's calls over two servers",
    about:
      "The built server, twice, on one store, with 1,000 calls a day. One of the two is stopped and started anew half way.",
    files: ["test/e2e/cli-limits.test.ts"],
    tests: "two servers that count",
    isSeeded: false,
  },
  {
    name: "breaker",
    title: "A crowd before a half-open breaker",
    about:
      "With 5 failures to open it and 3 probes, once by itself under a virtual clock (60 s), and once with the requests that a real S3 server gets (half a second).",
    files: ["src/resilience/breaker.test.ts", "test/hostile/s3-down.test.ts"],
    tests: "of 100 callers at once|100 callers at once send it",
    isSeeded: false,
  },
  {
    name: "tenants",
    title: "Tenants that must not hear of one another",
    about:
      "Every tenant has objects with a word that is its own, and asks in every way there is, 24 calls at once, in a seeded order, with progress and log messages on; some ways try what is another's. Every answer, stream, audit record, log line and request to S3 is searched for such words and places. Each tenant fetches for itself even what all may read, so no cache is shared.",
    files: ["test/hostile/tenants.test.ts"],
    env: { TENANTS_UNDER_TEST: "200" },
    isSeeded: true,
  },
  {
    name: "replaced",
    title: "An object replaced during a query",
    about:
      "A Parquet or CSV object is replaced by another of the same or another size before a seeded one of the requests that a query, or a walk through pages, makes. The answer has to be `changed`, or to the value that of one version.",
    files: ["test/fuzz/replaced.test.ts"],
    env: { REPLACED_TRIES: "200" },
    isSeeded: true,
  },
];
