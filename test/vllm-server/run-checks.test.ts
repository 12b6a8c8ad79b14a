import { runChecks, Skip, type Bench, type Check } from "./run-checks.js";
import { plain, type Variant } from "./variants.js";

const other: Variant = { ...plain, name: "other" };

function benchOf(failing?: string): Bench & { readonly lines: string[]; readonly events: string[] } {
  const lines: string[] = [];
  const events: string[] = [];
  return {
    lines,
    events,
    start: ({ name, model }) => {
      events.push(`start ${name}`);
      if (name === failing) return Promise.reject(new Error("no room"));
      const stop = (): Promise<void> => {
        events.push(`stop ${name}`);
        return Promise.resolve();
      };
      return Promise.resolve({ baseUrl: "http://127.0.0.1:1", model, pid: 1, otlpPort: undefined, logPath: "", stop });
    },
    contextOf: (_check, server) => ({ server, folder: "", shared: "", servesim: () => Promise.resolve("") }),
    say: (line) => {
      lines.push(line);
    },
  };
}

function check(name: string, variant: Variant, run: () => Promise<string>): Check {
  return { name, variant, run };
}

test("a failing check does not stop the next, and every server is started once and stopped", async () => {
  const bench = benchOf();
  const tally = await runChecks(
    [
      check("first", plain, () => Promise.reject(new Error("wrong count"))),
      check("elsewhere", other, () => Promise.resolve("fine")),
      check("second", plain, () => Promise.resolve("3 models")),
      check("third", plain, () => Promise.reject(new Skip("no tracing"))),
    ],
    bench,
  );
  expect(tally).toEqual({ passed: 2, failed: 1, skipped: 1 });
  expect(bench.events).toEqual(["start plain", "stop plain", "start other", "stop other"]);
  expect(bench.lines).toContain("FAIL first: wrong count");
  expect(bench.lines).toContain("pass second: 3 models");
  expect(bench.lines).toContain("SKIP third: no tracing");
});

test("checks of a server that does not start fail with its reason, others still run", async () => {
  const bench = benchOf("plain");
  const checks = [
    check("one", plain, () => Promise.resolve("fine")),
    check("two", other, () => Promise.resolve("fine")),
  ];
  expect(await runChecks(checks, bench)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  expect(bench.lines).toContain('FAIL one: server "plain": no room');
});
