import { ToolError } from "../core/errors.ts";
import type { ServiceGuard } from "../core/service-guard.ts";
import type { TenantLake } from "./lake.ts";
import type { OpenView } from "./open-view.ts";
import { narrowSettings } from "./reach.ts";
import type { LakeSettings, TenantSettings } from "./settings.ts";
import type { LakeStores, StoresDeps } from "./stores/create-stores.ts";
import { accountOf, createRoleCredentials } from "./stores/role-credentials.ts";
import { createViews } from "./views.ts";

export interface TenantsDeps {
  now: () => number;
  /** What STS is cut off by while it fails. */
  guard: ServiceGuard;
  stores(settings: LakeSettings, deps: Pick<StoresDeps, "credentials" | "onExpired" | "caller">): LakeStores;
  /** `reach` names what of the tenant's `settings` hold. Left out: all of it. */
  view(settings: LakeSettings, stores: LakeStores, reach?: string): OpenView;
}

/** Of one tenant: connections, listings and views that no other has. */
interface OpenTenant {
  stores: LakeStores;
  lake: TenantLake;
  close(): Promise<void>;
}

/** The tenants of one lake, each opened when first asked for. */
export interface Tenants {
  /** Throws `denied` for whom the settings do not name. */
  get(tenantId: string): TenantLake;
  stores(tenantId: string): LakeStores;
  close(): Promise<void>;
}

export function openTenants(settings: LakeSettings, deps: TenantsDeps): Tenants {
  const opened = new Map<string, OpenTenant>();
  const open = (tenantId: string): OpenTenant => {
    const before = opened.get(tenantId);
    if (before) return before;
    const tenant = settings.tenants?.get(tenantId);
    if (!tenant) throw new ToolError("denied", "This server does not serve your tenant (setting tenants).");
    const made = openTenant(tenantId, tenant, settings, deps);
    opened.set(tenantId, made);
    return made;
  };
  return {
    get: (tenantId) => open(tenantId).lake,
    stores: (tenantId) => open(tenantId).stores,
    close: async () => void (await Promise.allSettled([...opened.values()].map((tenant) => tenant.close()))),
  };
}

function openTenant(
  tenantId: string,
  tenant: TenantSettings,
  settings: LakeSettings,
  { now, guard, stores: openStores, view }: TenantsDeps,
): OpenTenant {
  const own = settingsOfTenant(tenant, settings);
  const credentials = createRoleCredentials({ tenantId, ...tenant, s3: settings.s3 }, { now, guard });
  const caller = { account: accountOf(tenant.roleArn), role: tenant.roleArn };
  const stores = openStores(own, {
    credentials: credentials.provide,
    onExpired: credentials.forget,
    caller,
  });
  const whole = view(own, stores);
  const views = createViews((reach, key) => view(narrowSettings(own, reach), stores, key));
  return {
    stores,
    lake: { ...whole, within: views.get },
    async close() {
      await Promise.allSettled([whole.close(), views.close()]);
      stores.close();
    },
  };
}

/** What else the server reaches, it reaches as itself: local disk, catalogs, and where exports go. A tenant has none of it. */
export function settingsOfTenant({ buckets }: TenantSettings, settings: LakeSettings): LakeSettings {
  const reach = { buckets, localRoots: [], databricks: [], athena: [] };
  return {
    ...narrowSettings(settings, reach),
    databricks: undefined,
    athena: undefined,
    exports: { ...settings.exports, buckets: [] },
  };
}
