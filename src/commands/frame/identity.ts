import type { OAuthResource } from "../../adapters/http/challenge.ts";
import type { ClientCertificates } from "../../adapters/http/client-certificate.ts";
import type { Identify, IdentityOptions } from "../../adapters/http/identity.ts";
import type { Deps } from "../../assemble.ts";
import { modesInForce, usesCertificatesAsFactor } from "../../config/auth.ts";
import { ConfigError } from "../../config/config-error.ts";
import { isLoopback } from "../../config/loopback.ts";
import type { Settings } from "../../config/schema.ts";
import type { CertificatesInForce } from "./certificates-in-force.ts";

/** Who may call over HTTP, and where callers get tokens for it. */
export interface Identity {
  identify: Identify;
  oauth: OAuthResource | undefined;
  certificates: ClientCertificates;
}

/** Throws `ConfigError` where anybody who reaches the address could call. */
export function refuseOpenAddress({ auth, http }: Settings): void {
  if (isLoopback(http.host) || !modesInForce(auth).includes("none")) return;
  throw new ConfigError([
    `http.host is ${http.host}, and auth.modes asks nobody who they are: whoever reaches that address could read all that Sluice can. Name who may call (auth.modes: api_key, jwt, mtls or module), or listen on 127.0.0.1`,
  ]);
}

/**
 * What is wrong where nobody is asked who they are and clients may name other hosts than loopback: a proxy or tunnel on this
 * machine brings callers of others, and all of them are the local user. Undefined where nothing is.
 */
export function namedBeyondLoopback({ auth, http }: Settings): string | undefined {
  const hosts = http.allowedHosts.filter((host) => !isLoopback(host));
  if (hosts.length === 0 || !modesInForce(auth).includes("none")) return undefined;
  return `http.allowedHosts has ${hosts.join(", ")}, and auth.modes asks nobody who they are: whoever a proxy or tunnel brings from there can read all that Sluice can.`;
}

/** A gateway in front checks signatures; a server that listens itself has nobody's word for them. Throws `ConfigError`. */
export function refuseIamOverHttp({ auth }: Settings): void {
  if (!modesInForce(auth).includes("iam")) return;
  throw new ConfigError([
    "auth.modes: iam works behind API Gateway alone, which checks signatures and hands over who signed: run Sluice as a Lambda function (docs/lambda.md), or name other modes here",
  ]);
}

/** What is known of requests beside their headers. */
interface Surroundings {
  iamCallerOf?: IdentityOptions["iamCallerOf"];
  /** Default: nobody is known by one. */
  inForce?: CertificatesInForce | undefined;
}

/** Undefined where the settings ask nobody. Throws `ConfigError`. */
export async function openIdentity(
  { settings, log, calls, audit }: Pick<Deps, "settings" | "log" | "calls" | "audit">,
  { iamCallerOf, inForce }: Surroundings = {},
): Promise<Identity | undefined> {
  const { auth } = settings;
  const modes = modesInForce(auth);
  if (auth.apiKey !== undefined && !modes.includes("api_key"))
    log.warn("exposed", {
      warning: "auth.apiKey (API_KEY) is set, and auth.modes does not name api_key: it is not checked.",
    });
  const warning = namedBeyondLoopback(settings);
  if (warning !== undefined) log.warn("exposed", { warning });
  if (modes.includes("none")) return undefined;
  const [{ openAuthenticator }, { createIdentify }, { openClientCertificates }] = await Promise.all([
    import("../../open-authenticator.ts"),
    import("../../adapters/http/identity.ts"),
    import("./client-certificates.ts"),
  ]);
  const oauth = oauthOf(auth);
  const authenticator = await openAuthenticator(auth, log, calls.now);
  const certificates = openClientCertificates(auth, inForce, calls.now);
  const requiresCertificate = usesCertificatesAsFactor(auth);
  const accepts = [...new Set(modes)].flatMap((mode) =>
    mode === "none" || (mode === "mtls" && requiresCertificate) ? [] : [mode],
  );
  const { newId } = calls;
  const onRefused: IdentityOptions["onRefused"] = (caller) => audit?.callerRefused(caller);
  const identify = createIdentify({
    ...{ authenticator, log, newId, oauth, accepts, requiresCertificate },
    ...{ certificates, iamCallerOf, onRefused },
  });
  return { identify, oauth, certificates };
}

function oauthOf(auth: Settings["auth"]): OAuthResource | undefined {
  const { issuer, scopes } = auth.jwt;
  if (!modesInForce(auth).includes("jwt") || issuer === undefined) return undefined;
  return { issuer, scopes, resource: auth.resource };
}
