/** The flag of a key, without the dashes: of timeout_s and num_prompts they are timeout and num-prompts. */
export function flagName(key: string): string {
  return key.replace(/_s$/, "").replaceAll("_", "-");
}
