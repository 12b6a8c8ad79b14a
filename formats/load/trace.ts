/** Request traces: the formats that servesim reads, and what it knows about a trace once read. */
import type { Session } from "./session.js";
import type { WorkloadRequest } from "./workload.js";

/**
 * azure: Azure LLM inference CSV of 2023 and 2024. mooncake and timed_trace: JSON lines of Mooncake and vLLM bench (one
 * form). burstgpt: CSV. sharegpt: JSON of conversations. csv: servesim's own. custom: JSON lines
 * of prompts, as vLLM bench takes them. run: requests.csv of a run folder. Of
 * sessions: agent: JSON of a recorded coding agent, or a folder of them. chat: JSON lines with chat_id and turn, as
 * Alibaba's Bailian traces. multi_turn: JSON lines with session_id and turns, as AIPerf takes them. sharegpt_turns:
 * ShareGPT, turn by turn.
 */
export const traceFormatNames = [
  "agent",
  "azure",
  "burstgpt",
  "chat",
  "csv",
  "custom",
  "mooncake",
  "multi_turn",
  "run",
  "sharegpt",
  "sharegpt_turns",
  "timed_trace",
] as const;
export type TraceFormat = (typeof traceFormatNames)[number];

/** A trace as read: requests by arrival (ties in file order), or in file order where it has no arrival times. */
export interface Trace {
  readonly format: TraceFormat;
  readonly requests: readonly WorkloadRequest[];
  /** Of a trace of sessions, which has no requests beside them. */
  readonly sessions?: readonly Session[];
  /** Rows of the file, those left out included. */
  readonly rows: number;
  /** What was left out and why, a sentence each; empty when every row is a request. */
  readonly notes: readonly string[];
}
