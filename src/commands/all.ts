import { audit } from "./audit.ts";
import { call } from "./call.ts";
import { completionOf } from "./completion.ts";
import { config } from "./config.ts";
import { connect } from "./connect.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import type { Command } from "./frame/command.ts";
import { key } from "./key.ts";
import { policy } from "./policy.ts";
import { serve } from "./serve.ts";
import { stdio } from "./stdio.ts";
import { tools } from "./tools.ts";

const working: readonly Command[] = [
  demo,
  serve,
  stdio,
  tools,
  call,
  policy,
  config,
  connect,
  key,
  doctor,
  audit,
];

/** Every command, in the order help shows them. */
export const commands: readonly Command[] = [...working, completionOf(working)];
