import type { S3Server } from "./s3-server.ts";

/** Requests that tenants' roles named `<tenant>x` signed (keys of the STS server here), and the prefix `t<n>/` each names. */
export function signedRequests(requests: S3Server["requests"]) {
  return requests.flatMap(({ method, url, headers }) => {
    const [, tenant] = /Credential=ASIA(T\d+)X\d+\//.exec(String(headers.authorization)) ?? [];
    if (!tenant) return [];
    const plain = decodeURIComponent(url);
    const [, inPath, inQuery] = /\/lake\/(t\d+)\/|[?&]prefix=(t\d+)\//.exec(plain) ?? [];
    return [{ method, url: plain, tenant: tenant.toLowerCase(), prefix: inPath ?? inQuery }];
  });
}
