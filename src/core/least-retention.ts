/** Days that audit records are kept at least, whatever the settings say: verifiers hold journals and tables to them. */
export const leastRetentionDays = 90;
