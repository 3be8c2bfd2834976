/** An AWS identity, by its ARN. */
export interface CallerArn {
  /** As it stands. */
  arn: string;
  accountId: string;
  /** What stands for everybody of its account, as in IAM policies. */
  account: string;
  /** Of a role's session: the role, without a path, which the session's ARN does not have. */
  role?: string;
}

const arnShape = /^arn:(aws[a-z-]*):(iam|sts)::(\d{12}):([\x21-\x7e]{1,600})$/;
const sessionShape = /^assumed-role\/([\w+=,.@-]{1,64})\/[\w+=,.@-]{1,64}$/;
const federatedShape = /^federated-user\/[\w+=,.@-]{1,64}$/;

/** Undefined for what is no ARN of somebody who can call. Source: IAM reference, "IAM identifiers". */
export function parseCallerArn(arn: string): CallerArn | undefined {
  const [, partition = "", service, accountId = "", name = ""] = arnShape.exec(arn) ?? [];
  const caller = { arn, accountId, account: `arn:${partition}:iam::${accountId}:root` };
  if (service === "iam") return name === "root" || name.startsWith("user/") ? caller : undefined;
  if (service !== "sts") return undefined;
  const [, role] = sessionShape.exec(name) ?? [];
  if (role !== undefined) return { ...caller, role: `arn:${partition}:iam::${accountId}:role/${role}` };
  return federatedShape.test(name) ? caller : undefined;
}
