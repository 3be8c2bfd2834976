import { modesInForce, usesCertificatesAsFactor } from "../../config/auth.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Settings } from "../../config/schema.ts";
import type { Log } from "../../telemetry/log.ts";
import { openCertificates } from "../frame/certificates-in-force.ts";
import { namedBeyondLoopback, refuseOpenAddress } from "../frame/identity.ts";
import { type Check, failed, ok, warning, wordsOf } from "./check.ts";

/** Whether `sluice serve` could tell who calls: keys, module and files load, the issuer gives its keys. */
export async function checkIdentity(settings: Settings): Promise<Check[]> {
  const { auth } = settings;
  const modes = modesInForce(auth);
  const { issuer } = auth.jwt;
  try {
    refuseOpenAddress(settings);
    if (modes.includes("none")) return askingNobody(settings);
    const { openAuthenticator } = await import("../../open-authenticator.ts");
    const [certificates] = await Promise.all([
      openCertificates(settings, { log: unheard, now: Date.now }),
      openAuthenticator(auth, unheard, Date.now),
    ]);
    const outdated = certificates.dependencies().flatMap(({ detail }) => detail ?? []);
    if (outdated.length > 0)
      return outdated.map((problem) => failed("identity", problem, "Renew it: no restart is needed."));
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.problems.map((problem) =>
      failed("identity", problem, "Correct it: sluice serve refuses it."),
    );
  }
  const isFactor = usesCertificatesAsFactor(auth);
  const asked = modes
    .filter((mode) => mode !== "mtls" || !isFactor)
    .map(named)
    .join(" or ");
  const known = ok("identity", `callers over HTTP are asked for ${isFactor ? "mtls, and for " : ""}${asked}`);
  return modes.includes("jwt") && issuer !== undefined ? [known, await checkIssuer(issuer)] : [known];
}

function askingNobody(settings: Settings): Check[] {
  const message = namedBeyondLoopback(settings);
  return message === undefined ? [] : [warning("identity", message, "Name who may call (auth.modes).")];
}

/** `sluice serve` refuses the one that needs a gateway in front. */
function named(mode: string): string {
  return mode === "iam" ? "iam (in a Lambda function only)" : mode;
}

async function checkIssuer(issuer: string): Promise<Check> {
  const [{ discoverKeys }, { fetchJson }] = await Promise.all([
    import("../../auth/jwt/discover.ts"),
    import("../../auth/jwt/fetch-json.ts"),
  ]);
  try {
    const { keys } = await discoverKeys(issuer, fetchJson);
    return ok("issuer", `${issuer} gives ${keys.length} keys`);
  } catch (thrown) {
    const mend = "Check auth.jwt.issuer, letter by letter, and that this machine can reach it.";
    return failed("issuer", wordsOf(thrown), mend);
  }
}

const unheard: Log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
