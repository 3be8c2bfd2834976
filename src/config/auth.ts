import { z } from "zod";
import { plainName, scopeName } from "./auth-names.ts";
import { durationMs } from "./fields.ts";
import { iamSettings, wrongIam } from "./iam.ts";
import { isLoopback } from "./loopback.ts";
import { isMtlsSet, mtlsSettings, wrongMtls } from "./mtls.ts";
import type { tlsSettings } from "./tls.ts";

/** How a caller over HTTP may prove who it is. */
const authModes = ["none", "api_key", "jwt", "mtls", "iam", "module"] as const;
export type AuthMode = (typeof authModes)[number];

const authMode = z.enum(authModes, {
  error: ({ input }) => `${JSON.stringify(input)} is none of ${authModes.join(", ")}`,
});

/** `https://…`, or `http://` on loopback. Compared as written, so nothing of it is changed. */
function secureUrl(example: string) {
  return z.string().superRefine((text, context) => {
    const message = wrongUrl(text, example);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

function wrongUrl(text: string, example: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return `is not a URL such as ${example}`;
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    return "must start with https:// (http:// is for loopback only)";
  if (url.username !== "" || url.password !== "") return "must not hold credentials";
  if (/[?#]/.test(text)) return "must hold neither ? nor #";
  return undefined;
}

/** The key itself has no place in a settings file. */
const storedKey = z.string().regex(/^(sha256:[0-9a-f]{64}|secret:\/\/\S+)$/, {
  error: "is neither sha256:<64 hex digits> nor secret://…: sluice key makes a key and its hash",
});

const apiKey = z.strictObject({
  id: plainName.describe("Names the caller in principals and the log"),
  tenant: plainName.default("default"),
  roles: z.array(plainName).default([]),
  scopes: z.array(scopeName).default([]),
  keys: z.array(storedKey).min(1, { error: "is empty" }).max(2, { error: "may hold two keys at most" }),
  expiresAt: z.iso.datetime({ offset: true, error: "is no time such as 2027-01-31T00:00:00Z" }).optional(),
});

const algorithms = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
] as const;

const claimName = z.string().min(1).max(256);

const jwtSettings = z
  .strictObject({
    issuer: secureUrl("https://login.example.org/realms/main")
      .optional()
      .describe(
        "Issuer of access tokens, exactly as their iss claim has it; its discovery document names the keys",
      ),
    audiences: z
      .array(z.string().min(1))
      .default([])
      .describe("Audiences a token may be for, beside auth.resource"),
    clientIds: z
      .array(z.string().min(1))
      .default([])
      .describe("Clients a token may be of; needed for tokens with no audience, such as Cognito's"),
    scopes: z.array(scopeName).default([]).describe("Scopes every token must have, such as mcp/invoke"),
    algorithms: z
      .array(z.enum(algorithms, { error: `is none of ${algorithms.join(", ")}` }))
      .min(1)
      .default(["RS256", "PS256", "ES256", "EdDSA"])
      .describe("Signature algorithms accepted; asymmetric ones only"),
    clockToleranceMs: durationMs(0)
      .refine((ms) => ms <= 300_000, { error: "may be 5m at most" })
      .default(30_000)
      .describe("How far the issuer's clock may be off"),
    claims: z
      .strictObject({
        subject: claimName.default("sub").describe("Claim that names the caller"),
        tenant: claimName
          .optional()
          .describe(
            "Claim that names the tenant; set, a token without it is refused; left out, all are of tenant default",
          ),
        roles: claimName
          .optional()
          .describe("Claim with roles or groups, such as cognito:groups or realm_access.roles"),
      })
      .prefault({}),
  })
  .prefault({});

/** `auth`: who may call over HTTP. stdio needs none of it. */
export const authSettings = z
  .strictObject({
    modes: z
      .array(authMode)
      .default([])
      .describe(
        "How callers over HTTP prove who they are: api_key, jwt, mtls, iam, module, or several; none is for loopback only. Left out: api_key where auth.apiKey is set, else none",
      ),
    resource: secureUrl("https://sluice.example.org/mcp")
      .optional()
      .describe("Public URL of /mcp, which clients ask tokens for; left out, made of the Host they call"),
    apiKey: z.string().min(1).optional().meta({
      description: "The key of the one caller where there are no others; best as secret://…",
      writeOnly: true,
    }),
    apiKeys: z
      .array(apiKey)
      .default([])
      .describe(
        "API keys: objects of id, keys (one or two of sha256:… or secret://…), tenant, roles, scopes, expiresAt",
      ),
    jwt: jwtSettings,
    mtls: mtlsSettings,
    iam: iamSettings,
    module: z
      .string()
      .min(1)
      .optional()
      .describe("JavaScript module whose default export has authenticate, for auth.modes module"),
  })
  .prefault({});

type AuthSettings = z.output<typeof authSettings>;

/** The modes that hold. Whoever gave a key and named no mode wants it checked. */
export function modesInForce({ modes, apiKey: key }: AuthSettings): readonly AuthMode[] {
  if (modes.length > 0) return modes;
  return key === undefined ? ["none"] : ["api_key"];
}

/** Whether each request must bring a certificate, and something else that says who calls. */
export function usesCertificatesAsFactor(auth: AuthSettings): boolean {
  return auth.mtls.use === "factor" && modesInForce(auth).includes("mtls");
}

/** What is wrong with the group as a whole: which setting of it, and why. */
export function wrongAuth(
  auth: AuthSettings,
  { tls }: { tls: z.output<typeof tlsSettings> },
): { path: string[]; message: string }[] {
  const modes = modesInForce(auth);
  const { jwt, module, apiKeys, apiKey: key } = auth;
  const wrong: { path: string[]; message: string }[] = [];
  const check = (isWrong: boolean, path: string[], message: string) => {
    if (isWrong) wrong.push({ path: ["auth", ...path], message });
  };
  const has = (mode: AuthMode) => modes.includes(mode);
  check(has("none") && modes.length > 1, ["modes"], "none cannot stand beside other modes");
  check(
    has("api_key") && key === undefined && apiKeys.length === 0,
    ["modes"],
    "api_key needs auth.apiKeys, which is empty",
  );
  // Whoever writes none means it: a local try of a server's settings needs no other change.
  const isForgotten = (mode: AuthMode) => !has(mode) && auth.modes[0] !== "none";
  check(isForgotten("api_key") && apiKeys.length > 0, ["apiKeys"], unused("api_key"));
  check(has("jwt") && jwt.issuer === undefined, ["jwt", "issuer"], "is missing: auth.modes names jwt");
  check(isForgotten("jwt") && jwt.issuer !== undefined, ["jwt", "issuer"], unused("jwt"));
  check(
    has("jwt") && jwt.audiences.length === 0 && jwt.clientIds.length === 0 && auth.resource === undefined,
    ["jwt", "audiences"],
    "is empty, as are auth.jwt.clientIds and auth.resource: any token of the issuer would be accepted",
  );
  check(has("module") && module === undefined, ["module"], "is missing: auth.modes names module");
  check(isForgotten("module") && module !== undefined, ["module"], unused("module"));
  check(isForgotten("mtls") && isMtlsSet(auth.mtls), ["mtls"], unused("mtls"));
  if (has("mtls")) for (const { path, message } of wrongMtls(auth.mtls, tls)) check(true, path, message);
  check(
    usesCertificatesAsFactor(auth) && modes.length === 1,
    ["modes"],
    "names mtls alone, and auth.mtls.use is factor: name what says who calls too, such as api_key or jwt",
  );
  check(isForgotten("iam") && auth.iam.clients.length > 0, ["iam", "clients"], unused("iam"));
  const wrongOfIam = wrongIam(auth.iam, has("iam"));
  if (wrongOfIam !== undefined) check(true, ["iam", "clients"], wrongOfIam);
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    const message = "is one of two: set http.tls.certFile and http.tls.keyFile";
    wrong.push({ path: ["http", "tls", tls.certFile === undefined ? "keyFile" : "certFile"], message });
  }
  const ids = apiKeys.map(({ id }) => id);
  check(key !== undefined && ids.includes("default"), ["apiKeys"], "default is the id of auth.apiKey");
  check(new Set(ids).size < ids.length, ["apiKeys"], "two keys have one id: put both keys under one entry");
  return wrong;
}

function unused(mode: AuthMode): string {
  return `is set, and auth.modes does not name ${mode}: it would not be checked`;
}
