import { X509Certificate } from "node:crypto";
import type { Dependency } from "../../adapters/http/health.ts";
import type { TlsFiles } from "../../adapters/http/tls.ts";
import { outdatedLists, type TrustInForce } from "../../auth/certificates/client-trust.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Settings } from "../../config/schema.ts";
import type { Log } from "../../telemetry/log.ts";
import {
  type ClientFiles,
  certificatePaths,
  readClientFiles,
  readServerPair,
  type ServerPair,
} from "./certificate-files.ts";
import { watchFiles } from "./watched-files.ts";

/** The certificates a server speaks TLS with, and those by which it trusts clients, as their files are now. */
export interface CertificatesInForce {
  /** Undefined where the server speaks HTTP. */
  tls(): TlsFiles | undefined;
  trust: TrustInForce;
  /** Whether they can be used, for /health/ready. */
  dependencies(): Dependency[];
  /** Has `renew` called with the files of TLS whenever there are others, or trust has changed. It says how many connections it cut. */
  follow(renew: (tls: TlsFiles | undefined) => number): void;
  close(): void;
}

interface Given {
  log: Log;
  now(): number;
  /** Between two looks at the files. Default 1 s. */
  everyMs?: number;
}

interface Kept<Read> {
  /** The last that could be used. */
  good: Read | undefined;
  /** Why what is in the files now cannot be. */
  problem?: string;
  /** Whether that was so at the last look for the first time: a file may have been half written. */
  isSuspect?: boolean;
}

/** Reads them. Throws `ConfigError` for files that cannot be used at start. */
export async function openCertificates(
  settings: Pick<Settings, "http" | "auth">,
  { log, now, everyMs = 1_000 }: Given,
): Promise<CertificatesInForce> {
  const first = await readServerPair(settings);
  let pair: Kept<ServerPair> = { good: first };
  let clients: Kept<ClientFiles> = { good: await readClientFiles(settings, first) };
  let told = "[]";
  let stop = () => {};

  const tls = (): TlsFiles | undefined => {
    if (!pair.good) return undefined;
    const { clientCa, clientCrl } = clients.good ?? {};
    return { ...pair.good, clientCa, clientCrl };
  };
  const readAnew = async () => {
    pair = await keep(pair, () => readServerPair(settings));
    clients = await keep(clients, () => readClientFiles(settings, pair.good, clients.good));
  };
  const dependencies = () => [...ofServer(pair, now()), ...ofClients(clients, now())];
  const tell = () => {
    const problems = dependencies().flatMap(({ detail }) => detail ?? []);
    const text = JSON.stringify(problems);
    if (text === told) return;
    told = text;
    if (problems.length > 0) log.error("certificates cannot be used", { problems });
    else log.info("certificates can be used again");
  };
  return {
    tls,
    trust: () => (clients.problem === undefined ? clients.good?.trust : undefined),
    dependencies,
    follow(renew) {
      const changed = async () => {
        const before = JSON.stringify([tls(), clients.problem]);
        await readAnew();
        if (JSON.stringify([tls(), clients.problem]) !== before) {
          const connectionsCut = renew(tls());
          log.info("certificates read anew", { connectionsCut });
        }
        return [pair, clients].some(({ isSuspect }) => isSuspect === true);
      };
      const paths = certificatePaths(settings);
      if (paths.length > 0) stop = watchFiles(paths, { changed, looked: tell, everyMs });
    },
    close: () => stop(),
  };
}

/** What was good before stays known: the server's own pair goes on, trust does not. */
async function keep<Read>(
  { good, problem, isSuspect = false }: Kept<Read>,
  read: () => Promise<Read | undefined>,
): Promise<Kept<Read>> {
  try {
    return { good: await read() };
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    if (problem === undefined && !isSuspect) return { good, isSuspect: true };
    return { good, problem: thrown.problems.join("; ") };
  }
}

/** The pair before is as good as it was: a server that stopped for a half-copied file would help nobody. */
function ofServer({ good, problem }: Kept<ServerPair>, nowMs: number): Dependency[] {
  if (!good) return [];
  const endsMs = Date.parse(new X509Certificate(good.cert).validTo);
  const ended =
    endsMs < nowMs ? `The certificate of http.tls.certFile ended at ${timeOf(endsMs)}.` : undefined;
  const kept = problem === undefined ? undefined : `${problem}. The certificate before it goes on.`;
  const detail = [ended, kept].filter((text) => text !== undefined).join(" ");
  return [{ name: "server certificate", ready: ended === undefined, ...(detail !== "" && { detail }) }];
}

function ofClients({ good, problem }: Kept<ClientFiles>, nowMs: number): Dependency[] {
  if (!good) return [];
  const outdated = outdatedLists(good.trust, nowMs).map(
    ({ authority = "an authority", state, atMs }) =>
      `auth.mtls.crlFile: the list of ${authority} ${state} at ${timeOf(atMs)}. Nobody is known by a certificate of it.`,
  );
  const detail = problem === undefined ? outdated.join(" ") : `${problem}. Nobody is known by a certificate.`;
  return [{ name: "client certificates", ready: detail === "", ...(detail !== "" && { detail }) }];
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
