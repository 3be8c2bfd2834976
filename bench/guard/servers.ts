import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { audience, type OidcServer, startOidcServer } from "../../test/harness/oidc-server.ts";
import { type Postgres, startAuditPostgres } from "../../test/harness/postgres.ts";
import { type Children, firstJsonLine } from "../children.ts";

/** The built server with one set of guards. */
export interface GuardedServer {
  name: string;
  child: ChildProcess;
  port: number;
  /** Who calls it, by their `authorization`. */
  callers: readonly string[];
  /** How many records of calls its database has; left out where it has none. */
  relayedRecords?: () => Promise<number>;
}

export interface GuardedServers {
  /** The first has none. */
  servers: readonly GuardedServer[];
  close(): Promise<void>;
}

const callerCount = 100;
const schema = "sluice_audit";

/** Starts each of them, with what they need: an issuer of tokens, a folder, a database. */
export async function startServers(
  children: Children,
  programAt: (name: string) => string,
  product: string,
): Promise<GuardedServers> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bench-guard-"));
  await mkdir(join(folder, "lake"));
  const [oidc, postgres] = await Promise.all([startOidcServer(), startAuditPostgres(schema)]);
  const callers = await Promise.all(
    Array.from({ length: callerCount }, async (_, index) => {
      const claims = { sub: `caller-${index}`, tenant: `tenant-${index}`, groups: ["reader"] };
      return `Bearer ${await oidc.sign({ claims: { ...claims, exp: Math.floor(Date.now() / 1_000) + 3_600 } })}`;
    }),
  );
  const start = async (name: string, env: Record<string, string>) => {
    const args = [product, "serve", "--json", "--http.port", "0", "--lake.localRoots", join(folder, "lake")];
    const child = children.start(programAt("product"), args, {
      env: { SLUICE_LAKE_CACHE_DIR: join(folder, "cache"), ...env },
      channel: true,
    });
    const { url } = (await firstJsonLine(child)) as { url: string };
    const isGuarded = env.SLUICE_AUTH !== undefined;
    const isRelayed = env.SLUICE_AUDIT !== undefined;
    return {
      name,
      child,
      port: Number(new URL(url).port),
      callers: isGuarded ? callers : [],
      ...(isRelayed ? { relayedRecords } : {}),
    };
  };
  const relayedRecords = async () => {
    const [row] = await postgres.query<{ n: string }>(
      `SELECT count(*) AS n FROM ${schema}.records WHERE kind IN ('intent', 'outcome')`,
    );
    return Number(row?.n);
  };
  const servers: GuardedServer[] = [];
  for (const [name, env] of settingsOf(oidc, postgres, folder)) servers.push(await start(name, env));
  return {
    servers,
    async close() {
      await Promise.all(servers.map(({ child }) => children.stop(child)));
      await Promise.all([oidc.close(), postgres.remove()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function settingsOf(
  { issuer }: OidcServer,
  { writerUrl }: Postgres,
  folder: string,
): [name: string, env: Record<string, string>][] {
  const json = JSON.stringify;
  const claims = { tenant: "tenant", roles: "groups" };
  const guards = {
    SLUICE_AUTH: json({ modes: ["jwt"], jwt: { issuer, audiences: [audience], claims } }),
    SLUICE_RBAC: json({
      roles: { reader: { allow: ["lake_*"], resources: { localRoots: [join(folder, "lake")] } } },
      bindings: [{ claims: ["reader"], roles: ["reader"] }],
    }),
    SLUICE_LIMITS: json({ ratePerSecond: 1e6, burst: 1e6, perDay: 1e9, concurrency: 100 }),
  };
  const journal = { SLUICE_AUDIT_JOURNAL_DIR: join(folder, "journal") };
  const relayed = json({
    journalDir: join(folder, "relayed"),
    sinks: ["postgresql"],
    postgresql: { url: writerUrl, schema },
  });
  return [
    ["no guard", { SLUICE_AUTH_MODES: "none" }],
    ["JWT, roles, limits", guards],
    ["these and the journal", { ...guards, ...journal }],
    ["these and PostgreSQL", { ...guards, SLUICE_AUDIT: relayed }],
  ];
}
