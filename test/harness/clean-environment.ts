/** Runs before each test file: the accounts, endpoints and settings of a developer's shell are none of a test's. */
const ours = /^(SLUICE_GOLDEN_DIR|SLUICE_(FUZZ|TEST)_SEED|AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED)$/;
for (const name of Object.keys(process.env)) {
  if (/^(AWS_|SLUICE_|LOG_LEVEL$)/.test(name) && !ours.test(name)) delete process.env[name];
}
