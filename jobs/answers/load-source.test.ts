import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSchema } from "../../formats/index.js";
import { readSource } from "./load-source.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-load-source-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("sessions are rejected by name, drawn ones and those of a trace", async () => {
  const drawn = loadSchema.parse({ dataset_name: "sessions", session_rate: 1 });
  await expect(readSource(drawn, undefined, "request_rate")).rejects.toThrow(
    /^--dataset-name sessions: capacity, size and tune take loads of independent requests only/,
  );
  const workload = join(folder, "chat.jsonl");
  const turn = { chat_id: 1, parent_chat_id: -1, timestamp: 0, input_length: 20, output_length: 4, turn: 1, hash_ids: [1, 2] }; // prettier-ignore
  writeFileSync(workload, `${JSON.stringify(turn)}\n`);
  const traced = loadSchema.parse({ workload, trace_format: "chat", max_sessions: 1 });
  await expect(readSource(traced, undefined, "replicas")).rejects.toThrow(/chat\.jsonl holds sessions: capacity, size/);
});
