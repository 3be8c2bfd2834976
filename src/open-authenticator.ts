import { pathToFileURL } from "node:url";
import { type ApiKeyEntry, apiKeyHeader, createApiKeyMode, digestOfKey } from "./auth/api-keys.ts";
import { type Authenticator, createAuthenticator } from "./auth/authenticator.ts";
import { requireCertificate } from "./auth/certificates/certificate-factor.ts";
import { type CertificateClient, createMtlsMode } from "./auth/certificates/mtls-mode.ts";
import { createIamMode, type IamOptions } from "./auth/iam/iam-mode.ts";
import type { AuthMode } from "./auth/mode.ts";
import { asAuthModule, createModuleMode } from "./auth/module.ts";
import { modesInForce, usesCertificatesAsFactor } from "./config/auth.ts";
import { ConfigError } from "./config/config-error.ts";
import { withoutRolePath } from "./config/iam.ts";
import type { Settings } from "./config/schema.ts";
import { fetchSecret, isSecretReference } from "./config/secrets/fetch-secret.ts";
import { SecretError } from "./config/secrets/secret-error.ts";
import type { Log } from "./telemetry/log.ts";

type AuthSettings = Settings["auth"];

/** A key somebody thought of is found by trying; the least that a random one of 128 bits has in base64url. */
const leastKeyChars = 20;

/**
 * What decides who calls over HTTP, by the modes the settings name.
 * Throws `ConfigError` for keys and modules that cannot be loaded.
 */
export async function openAuthenticator(
  auth: AuthSettings,
  log: Log,
  now: () => number,
): Promise<Authenticator> {
  const names = modesInForce(auth);
  const modes: AuthMode[] = [];
  if (names.includes("api_key")) modes.push(createApiKeyMode(await keyEntries(auth), now));
  if (names.includes("jwt")) modes.push(await openJwt(auth, log, now));
  const isFactor = usesCertificatesAsFactor(auth);
  if (names.includes("mtls") && !isFactor) modes.push(createMtlsMode(certificateClients(auth)));
  if (names.includes("iam")) modes.push(createIamMode(iamOptions(auth)));
  // What no other mode knows is left to the module: its evidence may lie in any header.
  const others = [...modes];
  if (auth.module !== undefined && names.includes("module")) {
    const isLeft: AuthMode["isBroughtBy"] = (request) => !others.some((mode) => mode.isBroughtBy(request));
    modes.push(createModuleMode(await loadModule(auth.module), isLeft));
  }
  const authenticator = createAuthenticator(modes);
  return isFactor ? requireCertificate(certificateClients(auth), authenticator) : authenticator;
}

function certificateClients({ mtls }: AuthSettings): CertificateClient[] {
  return mtls.clients.map(({ tenant: tenantId, ...client }) => ({ ...client, tenantId }));
}

function iamOptions({ iam: { clients, ...iam } }: AuthSettings): IamOptions {
  return {
    ...iam,
    clients: clients.map(({ arn, tenant: tenantId, ...client }) => ({
      ...{ ...client, tenantId },
      arn: withoutRolePath(arn),
    })),
  };
}

/** An entry has two keys while one takes the other's place. */
function refuseTwins(digests: readonly Buffer[], id: string): void {
  const [first, second] = digests;
  if (!first || !second?.equals(first)) return;
  throw new ConfigError([
    `auth.apiKeys: both keys of ${id} are the same: keys change only where the other one is another`,
  ]);
}

async function keyEntries({ apiKey, apiKeys }: AuthSettings): Promise<ApiKeyEntry[]> {
  const entries = apiKeys.map(async ({ id, tenant, roles, scopes, keys, expiresAt }) => ({
    id,
    tenantId: tenant,
    roles,
    scopes,
    digests: await Promise.all(keys.map((key) => digestOf(key, `auth.apiKeys, key of ${id}`))),
    ...(expiresAt !== undefined && { expiresMs: Date.parse(expiresAt) }),
  }));
  const all: ApiKeyEntry[] = await Promise.all(entries);
  for (const { id, digests } of all) refuseTwins(digests, id);
  if (apiKey !== undefined) {
    const digests = [digestOfPlainKey(apiKey, "auth.apiKey")];
    all.push({ id: "default", tenantId: "default", roles: [], scopes: [], digests });
  }
  const hexes = all.flatMap(({ digests }) => digests.map((digest) => digest.toString("hex")));
  if (new Set(hexes).size < hexes.length) {
    throw new ConfigError(["auth.apiKeys: the same key is given twice: it would be of two callers"]);
  }
  return all;
}

/** Of `sha256:…` as it stands; of a reference, what is kept there: the key or `sha256:…`. */
async function digestOf(key: string, where: string): Promise<Buffer> {
  const kept = isSecretReference(key) ? await fetchKept(key, where) : String(key);
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(kept) ?? [];
  return hex === undefined ? digestOfPlainKey(kept, where) : Buffer.from(hex, "hex");
}

function fetchKept(reference: string, where: string): Promise<string> {
  return fetchSecret(reference).catch((thrown: unknown) => {
    throw thrown instanceof SecretError ? new ConfigError([`${where}: ${thrown.message}`]) : thrown;
  });
}

function digestOfPlainKey(key: string, where: string): Buffer {
  if (key.length >= leastKeyChars) return digestOfKey(key);
  throw new ConfigError([
    `${where}: the key for ${apiKeyHeader} has fewer than ${leastKeyChars} characters, which can be guessed. Make one with: sluice key`,
  ]);
}

/** The schema holds that the mode has an issuer. */
async function openJwt({ jwt, resource }: AuthSettings, log: Log, now: () => number): Promise<AuthMode> {
  const { createJwtMode } = await import("./auth/jwt/jwt-mode.ts");
  const { issuer = "", audiences } = jwt;
  return createJwtMode({
    ...jwt,
    issuer,
    audiences: resource === undefined ? audiences : [...audiences, resource],
    now,
    onFault: (error) => log.warn("issuer unavailable", { issuer, error }),
  });
}

async function loadModule(path: string) {
  try {
    const loaded: { default?: unknown } = await import(pathToFileURL(path).href);
    return asAuthModule(loaded.default);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ConfigError([`auth.module: ${path}: ${why}`]);
  }
}
