import {
  parseSlos,
  verificationSchema,
  type Answer,
  type Profile,
  type Run,
  type Verification,
} from "../../formats/index.js";
import { simulateRun, type SimulatedRunInput } from "../../sim/index.js";
import {
  capacityOf,
  explainOf,
  sessionsOf,
  sizeOf,
  sizeOfSessions,
  talks,
  tuneOf,
  whatifOf,
} from "./answers.fixture.js";
import type { LoadToSend } from "./loads.js";
import { planVerification } from "./plan.js";
import { verify } from "./verify.js";

const lengths = { loads: 3, seconds: 8 };

interface Machine {
  /** Of the costs, against the profile's. */
  readonly slower?: number;
  readonly count?: number;
  readonly sessions?: number;
  readonly loads?: number;
  readonly tolerance?: number;
  /** In place of the machine of the profile. */
  readonly run?: (input: SimulatedRunInput, load: LoadToSend) => Run;
}

/** With a simulation in place of the machine: the same one on another day, or a slower one. */
async function verified(
  answer: Answer,
  { slower = 1, tolerance = 0.1, run, ...given }: Machine = {},
): Promise<Verification> {
  const plan = await planVerification("a.json", answer, { ...lengths, ...given });
  const send =
    run ?? ((input: SimulatedRunInput) => simulateRun({ ...input, profile: slowedBy(input.profile, slower) }));
  const measure = (load: LoadToSend, input: SimulatedRunInput) =>
    Promise.resolve({ run: send({ ...input, seed: "another day" }, load), folder: null });
  const found = await verify({ answer, plan, measure, tolerance, replications: 6 }, { workers: 1 });
  expect(verificationSchema.parse(found)).toEqual(found);
  return found;
}

function slowedBy(profile: Profile, factor: number): Profile {
  const { cost } = profile;
  if (cost.kind !== "static_batch") throw new Error("expected costs of whole batches");
  const slowed = (terms: typeof cost.prefill): typeof cost.prefill =>
    terms.map((term) => ({ ...term, coefficient_ns: factor * term.coefficient_ns }));
  return { ...profile, cost: { ...cost, prefill: slowed(cost.prefill), decode_step: slowed(cost.decode_step) } };
}

describe("capacity", () => {
  let answer: Answer;

  beforeAll(async () => {
    answer = await capacityOf();
  });

  test("the machine that the profile is of confirms the answer, load by load", async () => {
    const found = await verified(answer, { loads: 5 });
    expect(found.verdict).toBe("right");
    const places = found.loads.map(({ x }) => x!);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(found.loads[0]).toMatchObject({ predicted: "safe", measured: "met", verdict: "agrees" });
    expect(found.loads.at(-1)).toMatchObject({ predicted: "no", measured: "missed", verdict: "agrees" });
    expect(found.loads[0]!.statistics.map(({ verdict }) => verdict)).not.toContain("differs");
  });

  test("a machine half as fast proves the answer wrong, and its statistics differ", async () => {
    const { verdict, loads } = await verified(answer, { slower: 2 });
    expect(verdict).toBe("wrong");
    expect(loads[0]).toMatchObject({ predicted: "safe", measured: "missed", verdict: "differs" });
    expect(loads[0]!.statistics.find(({ statistic }) => statistic === "mean_e2el_ms")!.verdict).toBe("differs");
  });

  test("a run that was disturbed refutes nothing, and says by what", async () => {
    const valid = { ok: false, reasons: ["other processes kept 1.9 of 2 cores busy"] };
    const run = (input: SimulatedRunInput): Run => {
      const { info, ...rest } = simulateRun({ ...input, profile: slowedBy(input.profile, 2) });
      return { ...rest, info: { ...info, valid } };
    };
    const { verdict, notes, loads } = await verified(answer, { run });
    expect([verdict, loads[0]!.measured, loads[0]!.verdict]).toEqual(["cannot tell", "missed", "cannot tell"]);
    expect(notes.join()).toMatch(/other processes kept 1.9 .*3 of 3 real runs were disturbed/);
  });

  test("runs too short to show that a load is too much say so", async () => {
    const { verdict, notes } = await verified(answer, { count: 20 });
    expect(verdict).toBe("cannot tell");
    expect(notes.join()).toMatch(
      /^20 requests are too few to show that [\d.]+ requests\/s are too much; a longer --duration/,
    );
  });

  test("loads too short for the goals are rejected with the number of requests that it takes", async () => {
    const asked = { ...answer.question.asked, goals: { slos: parseSlos("p99_e2el:300") } };
    const strict = { ...answer, question: { ...answer.question, asked } };
    await expect(planVerification("a.json", strict, { ...lengths, count: 100 })).rejects.toThrow(
      /100 requests are too few to show p99_e2el <= 300 ms: it takes at least 368/,
    );
  });
});

describe("whatif", () => {
  test("both sides are measured with the same requests, and the difference that comes out confirms the answer", async () => {
    const answer = await whatifOf(["batch_size=1", "timeout=0"], "mean_e2el:300");
    const sent: SimulatedRunInput[] = [];
    const run = (input: SimulatedRunInput): Run => {
      sent.push(input);
      return simulateRun(input);
    };
    const found = await verified(answer, { run });
    expect(found).toMatchObject({
      verdict: "right",
      loads: [{ what: "before the change" }, { what: "after the change" }],
    });
    expect(found.differences![0]).toMatchObject({ statistic: "mean_e2el_ms", verdict: "agrees" });
    expect(sent.map(({ plan }) => plan.settings.batch_size)).toEqual([8, 1]);
    expect(sent[1]!.workload).toEqual(sent[0]!.workload);
  });

  test("a change that does the opposite proves the answer wrong", async () => {
    const answer = await whatifOf(["batch_size=1", "timeout=0"]);
    const swapped = (input: SimulatedRunInput, { side }: LoadToSend): Run =>
      simulateRun({ ...input, profile: slowedBy(input.profile, side === "after" ? 4 : 1) });
    const found = await verified(answer, { run: swapped });
    expect(found.verdict).toBe("wrong");
    expect(found.differences![0]).toMatchObject({ statistic: "mean_e2el_ms", verdict: "differs" });
  });

  test("a change of the load is sent as changed", async () => {
    const { loads, differences } = await verified(await whatifOf(["request_rate=x1.5"]));
    expect(loads.map(({ requests }) => requests)).toEqual([482, 482]);
    expect(differences!.find(({ statistic }) => statistic === "request_throughput")!.measured).toBeGreaterThan(20);
  });
});

describe("tune", () => {
  test("the settings found are measured beside those as they were", async () => {
    const answer = await tuneOf("mean_e2el");
    const found = await verified(answer);
    expect(found).toMatchObject({ verdict: "right", loads: [{}, { what: "with the settings found" }] });
    expect(found.differences![0]).toMatchObject({ statistic: "mean_e2el_ms", promised: "better", verdict: "agrees" });
    const slow = (input: SimulatedRunInput, { side }: LoadToSend): Run =>
      simulateRun({ ...input, profile: slowedBy(input.profile, side === "after" ? 5 : 1) });
    expect((await verified(answer, { run: slow })).verdict).toBe("wrong");
  });

  test("of throughput, loads around the rate found are sent, and the rate with the settings as they were", async () => {
    const answer = await tuneOf("throughput", { slos: parseSlos("mean_e2el:300") });
    const found = await verified(answer);
    expect(found.verdict).toBe("right");
    expect(found.loads.map(({ what }) => what).filter((what) => what.endsWith("with the settings found"))).toHaveLength(
      3,
    );
    expect((await verified(answer, { slower: 3 })).verdict).toBe("wrong");
  });
});

describe("size", () => {
  test("one server gets the load of one replica: it holds with as many replicas as were found, and not with one fewer", async () => {
    const answer = await sizeOf();
    const found = await verified(answer);
    expect(found.verdict).toBe("right");
    expect(found.loads.map(({ x, predicted, measured }) => [x, predicted, measured])).toEqual([
      [answer.value, "safe", "met"],
      [answer.value! - 1, "no", "missed"],
    ]);
    expect((await verified(answer, { slower: 2 })).verdict).toBe("wrong");
  });

  test("of clients, one replica has its part of them", async () => {
    const answer = await sizeOf({ max_concurrency: 64 });
    const plan = await planVerification("a.json", answer, lengths);
    const value = answer.value!;
    expect(plan.loads.map(({ deployment }) => deployment.load.max_concurrency)).toEqual(
      [value, value - 1].map((replicas) => Math.ceil(64 / replicas)),
    );
  });
});

describe("sessions", () => {
  let answer: Answer;

  beforeAll(async () => {
    answer = await sessionsOf("session_rate");
  });

  test("as many begin per second as the answer says, below and above it, and their steady turns are judged", async () => {
    const found = await verified(answer, { sessions: 1200 });
    expect(found).toMatchObject({ verdict: "right" });
    expect(found.loads[0]).toMatchObject({ predicted: "safe", measured: "met" });
    expect(found.loads.at(-1)).toMatchObject({ predicted: "no", measured: "missed" });
    const [low] = found.loads;
    expect(low!.statistics.map(({ statistic }) => statistic)).toContain("cached_share");
    expect(low!.statistics.map(({ verdict }) => verdict)).not.toContain("differs");
    expect((await verified(answer, { slower: 2, sessions: 1200 })).verdict).toBe("wrong");
  });

  test("a load has as many sessions as a steady part takes, or as are asked for; too few are rejected", async () => {
    const { loads } = await planVerification("a.json", answer, lengths);
    const rates = loads.map(({ x, point: { count } }) => count / x!);
    for (const seconds of rates) expect(seconds).toBeGreaterThanOrEqual(lengths.seconds - 0.01);
    const longer = await planVerification("a.json", answer, { ...lengths, sessions: 900 });
    expect(longer.loads.map(({ point: { count } }) => count)).toEqual([900, 900, 900]);
    const few = planVerification("a.json", answer, { ...lengths, sessions: 3 });
    await expect(few).rejects.toThrow(/^--num-sessions 3: /);
    const requests = planVerification("a.json", answer, { ...lengths, count: 300 });
    await expect(requests).rejects.toThrow(/^--num-prompts 300: the answer's load is one of sessions, give --num-sess/);
    const others = planVerification("a.json", await capacityOf(), { ...lengths, sessions: 300 });
    await expect(others).rejects.toThrow(/^--num-sessions 300: the answer's load has no sessions, give --num-prompts/);
  });

  test("of sessions under way at a time, whole numbers of them are sent", async () => {
    const atATime = await sessionsOf("max_sessions");
    const sent: SimulatedRunInput[] = [];
    const run = (input: SimulatedRunInput): Run => {
      sent.push(input);
      return simulateRun(input);
    };
    const { verdict, loads } = await verified(atATime, { run });
    expect(verdict).toBe("right");
    expect(sent.map(({ workload }) => workload.sessions!.maxConcurrent)).toEqual(loads.map(({ x }) => x));
  });

  test("of replicas one gets its part of the sessions, where the router keeps each on one", async () => {
    const size = await sizeOfSessions({ ...talks, session_rate: 200, num_sessions: 1000 }, "session-affinity");
    expect(size.value).toBeGreaterThan(1);
    const { loads, notes } = await planVerification("a.json", size, lengths);
    const rates = loads.map(({ deployment }) => deployment.load.session_rate);
    expect(rates).toEqual([200 / size.value!, 200 / (size.value! - 1)]);
    expect(notes.join()).toContain("session-affinity depends on the state of all replicas");
    expect((await verified(size)).verdict).not.toBe("wrong");
    const question = { ...size.question, asked: { ...size.question.asked, router: "least-outstanding" } };
    await expect(planVerification("a.json", { ...size, question }, lengths)).rejects.toThrow(
      /what one replica gets behind the router least-outstanding depends on all of them/,
    );
  });
});

test("explain: the latencies are measured, and the parts named as what a client does not see", async () => {
  const answer = await explainOf();
  const found = await verified(answer);
  expect(found).toMatchObject({ verdict: "right", loads: [{ predicted: null, verdict: "agrees" }] });
  expect(found.notes.join()).toContain("not their parts");
  expect((await verified(answer, { slower: 3 })).verdict).toBe("wrong");
});

describe("what no real run can check is rejected with the reason", () => {
  let answer: Answer;

  beforeAll(async () => {
    answer = await whatifOf(["request_rate=x1.5"], "mean_e2el:300");
  });

  const asking = (change: object): Answer["question"] => ({
    ...answer.question,
    asked: { ...answer.question.asked, ...change },
  });

  test.each<[string, () => Partial<Answer>, RegExp]>([
    ["headroom", () => ({ question: { ...answer.question, name: "headroom" } }), /^a.json: an answer of headroom/],
    ["no edge", () => ({ value: 0, question: { ...answer.question, name: "capacity" } }), /^a.json: no load meets the/],
    ["no size", () => ({ value: null, question: { ...answer.question, name: "size" } }), /no number of replicas meets/],
    [
      "queue times",
      () => ({ question: asking({ goals: { slos: parseSlos("p99_queue:5") } }) }),
      /p99_queue is not meas/,
    ],
    [
      "turns of a session on several replicas",
      () => ({ value: 2, question: { ...asking({ sessions: true }), name: "size" } }),
      /what one replica gets behind the router round-robin depends/,
    ],
    ["a run", () => ({ question: asking({ run: "folder" }) }), /it explains the run in "folder"/],
    ["a router", () => ({ question: asking({ changes: ["router=random"] }) }), /router=random is of servesim's router/],
    ["no goals", () => ({ question: asking({ goals: undefined }) }), /does not hold its goals \(mean_e2el <= 300 ms\)/],
    ["no settings", () => ({ question: asking({ settings: undefined }) }), /^a.json: question.asked: settings/],
    [
      "no profile",
      () => ({ question: asking({ profile: "gone.json" }) }),
      /question.asked.profile: .*gone.json.*; run verify in/,
    ],
    [
      "changes that contradict each other",
      () => ({ question: asking({ changes: ["timeout=1", "timeout=2"] }) }),
      /contradict/,
    ],
    ["no changes", () => ({ question: asking({ changes: undefined }) }), /question.asked.changes: missing/],
  ])("%s", async (_, change, message) => {
    await expect(planVerification("a.json", { ...answer, ...change() }, lengths)).rejects.toThrow(message);
  });
});
