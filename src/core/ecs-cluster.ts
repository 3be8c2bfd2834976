/** An ECS cluster as it is named: by an ARN also where it is. */
export interface EcsCluster {
  name: string;
  account?: string;
  region?: string;
}

/** Source: Service Authorization Reference, "Amazon Elastic Container Service", resource type cluster. */
const arn = /^arn:aws[a-z-]*:ecs:([a-z0-9-]+):(\d{12}):cluster\/([A-Za-z0-9_-]{1,255})$/;
/** Source: ECS API reference, CreateCluster. */
const clusterName = /^[A-Za-z0-9_-]{1,255}$/;

/** A cluster by its name or its whole ARN; undefined for any other spelling, which names none. */
export function parseEcsCluster(text: string): EcsCluster | undefined {
  if (clusterName.test(text)) return { name: text };
  const [, region, account, name] = arn.exec(text) ?? [];
  return region && account && name ? { name, account, region } : undefined;
}
