/** Clients that give up on a real server: it aborts their requests, counts their tokens along, and answers others. */
import { join } from "node:path";
import { readRun } from "../../../formats/files/index.js";
import type { Check } from "../run-checks.js";
import { plain } from "../variants.js";

const REQUESTS = 24;
/** Tokens of one request that the server may have generated before it knew that the client was gone. */
const ON_THEIR_WAY = 10;

export const giveUps: Check = {
  name: "clients give up, the server aborts their requests, and they try again",
  variant: plain,
  run: async ({ server, folder, servesim }) => {
    const output = join(folder, "run");
    const generatedBefore = await generatedBy(server.baseUrl);
    await servesim([
      ...["bench", "--backend", "vllm", "--base-url", server.baseUrl, "--output", output],
      ...["--dataset-name", "random", "--random-input-len", "64", "--random-output-len", "300"],
      ...["--num-prompts", String(REQUESTS), "--request-rate", "4", "--num-warmups", "0"],
      ...["--patience-e2el", "exponential:10", "--retries", "1", "--retry-backoff", "0.2"],
    ]);
    const { info, requests } = await readRun(output);
    const summary = info.summary as Record<string, number>;
    const { vocab_size: vocab } = info.client as { vocab_size?: number };
    if (vocab !== 8000) throw new Error(`vocab_size: got ${vocab ?? "none"}, expected 8000`);
    const aborted = requests.filter(({ status }) => status === "aborted");
    const others = requests.filter(({ status }) => status !== "aborted" && status !== "ok");
    if (aborted.length === 0 || others.length > 0 || aborted.length === requests.length)
      throw new Error(`${aborted.length} of ${requests.length} given up, ${others.length} failed otherwise`);
    const late = aborted.filter(({ outputTokens, extra }) => outputTokens < Number(extra!.chunks));
    if (late.length > 0) throw new Error(`${late.length} of the requests given up have fewer tokens than chunks`);
    // Had it gone on, it would have generated whole answers; a few tokens of each were on their way.
    const generated = (await generatedBy(server.baseUrl)) - generatedBefore;
    const seen = requests.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
    if (generated < seen || generated > seen + ON_THEIR_WAY * aborted.length)
      throw new Error(`the server generated ${generated} tokens, its clients saw ${seen}`);
    return (
      `${summary.aborted!} given up, ${summary.retried!} tried again, ${summary.unanswered!} never answered; the server generated ` +
      `${generated} tokens, clients saw ${seen}, ${summary.wasted_output_tokens!} of them wasted, of ${300 * requests.length} requested`
    );
  },
};

async function generatedBy(baseUrl: string): Promise<number> {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  const counts = [...text.matchAll(/^vllm:generation_tokens_total\{[^}]*\} (\S+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
