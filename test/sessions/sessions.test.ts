import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { poolOf } from "./pool.js";
import { readSessionRecording, type RecordedTurn } from "./recording.js";
import { replaySessions } from "./replay.js";

const recorded = join(process.cwd(), "..", "shared", "data", "vllm-cpu-sessions");
const hasRecorded = existsSync(recorded);
if (!hasRecorded) console.warn(`SKIPPED: ${recorded} is not here, so no recorded conversation is replayed`);

const tokens = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);

function turn(
  session: number,
  place: number,
  added: number[],
  output: number[],
  more: { past?: number; cached: number },
): RecordedTurn {
  const { past = 0, cached } = more;
  return {
    session,
    turn: place,
    ...(place === 0 ? { prompt: added } : { new_tokens: added }),
    output,
    prompt_tokens: past + added.length,
    output_tokens: output.length,
    cached_tokens: cached,
  };
}

/** Blocks of 4: 10 + 3 tokens leave 12 computed; of the next 16 + 1 the first 12 are cached. */
const rows = [turn(0, 0, tokens(1, 10), tokens(90, 3), { cached: 0 }), turn(0, 1, tokens(50, 4), tokens(80, 1), { past: 13, cached: 12 })]; // prettier-ignore
const pool = { blockSize: 4, numGpuBlocks: 20 };

describe("the replay of recorded conversations", () => {
  it("finds a true recording identical, and names the first turn that is not", () => {
    expect(replaySessions(rows, pool)).toEqual({ requests: 2, identicalRequests: 2 });
    const wrong = [rows[0]!, { ...rows[1]!, cached_tokens: 8 }];
    expect(replaySessions(wrong, pool)).toEqual({
      requests: 2,
      identicalRequests: 1,
      firstDifference: "rows[1] (session 0, turn 1, 17 prompt tokens): got 12 cached tokens, expected 8",
    });
    expect(() => replaySessions(rows, { blockSize: 4, numGpuBlocks: 5 })).toThrow(
      "a turn of 18 tokens does not fit into 5 KV blocks of 4, expected at least 6",
    );
  });

  it("takes the pool as given, from the file, by its name, or the one that fits best", () => {
    expect(poolOf("x/tight-1.json", { rows }, {})).toEqual({ pool: { blockSize: 32, numGpuBlocks: 44 } });
    expect(poolOf("tight-1.json", { rows, num_gpu_blocks: 9 }, { blockSize: 4 })).toEqual({
      pool: { blockSize: 4, numGpuBlocks: 9 },
    });
    const { pool: inferred, note } = poolOf("any.json", { rows }, {});
    expect(inferred).toEqual({ blockSize: 4, numGpuBlocks: 6 });
    expect(note).toContain("6 blocks of 4");
  });

  it("rejects gaps in turns and lengths that do not add up, by row, session and turn", () => {
    const folder = mkdtempSync(join(tmpdir(), "sessions-"));
    try {
      const path = join(folder, "file.json");
      const read = (change: object): (() => unknown) => {
        writeFileSync(path, JSON.stringify({ rows: [rows[0], { ...rows[1], ...change }] }));
        return () => readSessionRecording(path);
      };
      expect(read({})()).toMatchObject({ rows });
      expect(read({ turn: 2 })).toThrow("rows[1] (session 0, turn 2): expected turn 1 of the session");
      expect(read({ prompt_tokens: 16 })).toThrow("prompt_tokens: got 16, expected 17");
      expect(read({ new_tokens: null })).toThrow("new_tokens: got nothing, expected token ids");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  (hasRecorded ? it : it.skip)("makes every lookup of a recorded server again", () => {
    for (const name of readdirSync(recorded)) {
      const recording = readSessionRecording(join(recorded, name));
      const { requests, ...report } = replaySessions(recording.rows, poolOf(name, recording, {}).pool);
      expect([name, report]).toEqual([name, { identicalRequests: requests }]);
    }
  });
});
