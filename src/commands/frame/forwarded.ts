import { readAuthorities } from "../../auth/certificates/authorities.ts";
import { MalformedError } from "../../auth/certificates/malformed.ts";
import { createRevocation } from "../../auth/certificates/revocation.ts";
import { createCertificateVerifier } from "../../auth/certificates/verifier.ts";
import {
  createForwardedCertificates,
  type ForwardedCertificates,
} from "../../auth/forwarded/forwarded-certificates.ts";
import { createProxyList } from "../../auth/forwarded/proxies.ts";
import { modesInForce } from "../../config/auth.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Settings } from "../../config/schema.ts";
import { readSettingFile } from "./setting-file.ts";

/** What proxies pass on; undefined where none is named. Throws `ConfigError` for files that cannot be used. */
export async function openForwarded(
  auth: Settings["auth"],
  now: () => number,
): Promise<ForwardedCertificates | undefined> {
  const { caFile, crlFile, forwarded } = auth.mtls;
  const { header, proxies } = forwarded;
  if (!modesInForce(auth).includes("mtls") || header === undefined || caFile === undefined) return undefined;
  const [authorities, revocation] = await Promise.all([
    readAs("auth.mtls.caFile", caFile, readAuthorities),
    crlFile === undefined
      ? createRevocation(undefined)
      : readAs("auth.mtls.crlFile", crlFile, createRevocation),
  ]);
  const verify = createCertificateVerifier({ authorities, revocation, now });
  return createForwardedCertificates({ header, verify, isProxy: createProxyList(proxies) });
}

async function readAs<Read>(setting: string, path: string, read: (pem: string) => Read): Promise<Read> {
  const pem = await readSettingFile(setting, path);
  try {
    return read(pem);
  } catch (thrown) {
    if (!(thrown instanceof MalformedError)) throw thrown;
    throw new ConfigError([`${setting}: ${path}: ${thrown.message}`]);
  }
}
