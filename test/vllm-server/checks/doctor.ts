/** servesim doctor on a real server in dev mode: everything is there, and its settings are what it was started with. */
import { readServerSettings } from "../../../real/vllm/server/index.js";
import type { Check } from "../run-checks.js";
import { plain } from "../variants.js";

interface Finding {
  readonly what: string;
  readonly state: string;
  readonly detail: string;
}

export const doctor: Check = {
  name: "doctor finds nothing missing, and every setting is known",
  variant: plain,
  run: async ({ server, servesim }) => {
    const out = await servesim(["doctor", "--base-url", server.baseUrl, "--json"]);
    const { findings } = JSON.parse(out) as { findings: readonly Finding[] };
    const missing = findings.filter(({ state }) => state === "missing");
    if (missing.length > 0) throw new Error(missing.map(({ what, detail }) => `${what}: ${detail}`).join("; "));
    const { settings, unknown, version } = await readServerSettings(server.baseUrl);
    const expected = { max_num_seqs: 64, max_model_len: 1024, enable_prefix_caching: false, enforce_eager: true };
    for (const [name, value] of Object.entries(expected)) {
      const got = settings[name as keyof typeof expected];
      if (got !== value) throw new Error(`${name}: got ${JSON.stringify(got)}, expected ${JSON.stringify(value)}`);
    }
    if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}`);
    const ok = findings.filter(({ state }) => state === "ok").length;
    return `vLLM ${version ?? "?"}, ${ok} of ${findings.length} lines ok, ${Object.keys(settings).length} settings`;
  },
};
