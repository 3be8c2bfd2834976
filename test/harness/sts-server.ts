import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** STS's AssumeRole on loopback: gives the access key `ASIA<n>` of the role's nth session. */
export async function startStsServer(now: () => number) {
  const asked: URLSearchParams[] = [];
  const state = { status: 200, asked, endpoint: "", breaksOff: false };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    asked.push(form);
    response.writeHead(state.status, { "content-type": "text/xml" });
    if (state.breaksOff) {
      response.end("<AssumeRoleResponse><AssumeRole");
      return;
    }
    if (state.status !== 200) {
      response.end(
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>arn:aws:iam::1:role/hush</Message></Error></ErrorResponse>",
      );
      return;
    }
    const key = `ASIA${form.get("RoleArn")?.split("/").at(-1)?.toUpperCase()}${asked.length}`;
    response.end(
      `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${new Date(now() + 3_600_000).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, { stop: () => new Promise((resolve) => server.close(resolve)) });
}
