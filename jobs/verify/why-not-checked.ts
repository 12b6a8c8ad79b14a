/** Why an answer cannot be checked by real runs, where it cannot: what they do not measure, or no real server does. */
import type { Answer } from "../../formats/index.js";

/** Metrics that a client does not see. */
const NOT_SEEN = ["itl", "queue"];
const SESSION_KEYS = ["num_sessions", "max_sessions", "session_rate"];
/** Routers that send a request where its beginning, or its session, is known. */
const BY_CONTENT = ["prefix-aware", "session-affinity"];

interface Loose {
  readonly policy?: unknown;
  readonly load?: Readonly<Record<string, unknown>>;
  readonly goals?: { readonly slos?: readonly { readonly name?: string; readonly metric?: string }[] };
  readonly changes?: readonly string[];
  readonly run?: unknown;
  readonly router?: unknown;
  readonly replicas?: unknown;
  readonly sessions?: unknown;
}

/** The profile's kind of costs, where it is at hand: a vLLM server schedules as vllm alone. */
type CostKind = "vllm_engine" | "static_batch";

/** In words, for after "FILE: "; undefined: it can be checked. */
export function whyNotChecked({ question, value, unit }: Answer, kind?: CostKind): string | undefined {
  const { name } = question;
  const {
    policy,
    load = {},
    goals,
    changes = [],
    run,
    router = "round-robin",
    replicas = 1,
    sessions,
  } = question.asked as Loose;
  if (name === "headroom")
    return "an answer of headroom, which no load can be sent beside a live server's own; check it with servesim capacity and its answer";
  if (run !== undefined)
    return `it explains the run in ${JSON.stringify(run)}; explain the load itself, by flags, to check it on a server`;
  const nothing = ofNothing(name, value, unit);
  if (nothing !== undefined) return nothing;
  const unseen = goals?.slos?.find(({ metric }) => NOT_SEEN.includes(metric ?? ""));
  if (unseen !== undefined)
    return `${unseen.name ?? ""} is not measured by a real run, expected goals of ttft, tpot and e2el`;
  const isOfSessions =
    sessions === true ||
    load.dataset_name === "sessions" ||
    load.trace_format === "chat" ||
    SESSION_KEYS.some((key) => key in load);
  if (isOfSessions && kind === "static_batch")
    return "its load is one of sessions, which are sent to a vLLM server only, not to ONNX Runtime";
  const ofRouter = changes.find((change) => /^-*router/.test(change));
  if (ofRouter !== undefined) return `the change ${ofRouter} is of servesim's router, which no real server has`;
  if (name === "size" && value !== 1 && isSplit(String(router), isOfSessions))
    return `what one replica gets behind the router ${String(router)} depends on all of them, and one server cannot show it`;
  if (
    kind === "static_batch" &&
    (Number(replicas) > 1 || changes.some((change) => /^-*(replicas|profile)=/.test(change)))
  )
    return "it is about more than this machine, on which ONNX Runtime would serve the load";
  if (kind === "vllm_engine" && policy !== "vllm")
    return `${String(policy)} on a vLLM server's profile cannot be measured: such a server schedules as vllm`;
  if (kind === "vllm_engine" && changes.some((change) => /^-*policy=/.test(change)))
    return "a vLLM server schedules as vllm, so a change of the policy cannot be measured there";
  return undefined;
}

/** Whether the router decides by all replicas what one of them has cached. Sessions that stay together can be dealt out whole. */
function isSplit(router: string, isOfSessions: boolean): boolean {
  return isOfSessions ? router !== "session-affinity" : BY_CONTENT.includes(router);
}

function ofNothing(name: string, value: number | null, unit: string): string | undefined {
  if (name === "size" && value === null) return "no number of replicas meets the goals, so there is none to be checked";
  const isRate = name === "capacity" || (name === "tune" && unit === "requests/s");
  if (value === null || (isRate && value === 0)) return "no load meets the goals, so there is none to be checked";
  return undefined;
}
