import type { SessionSummary } from "../../sim/index.js";
import { printSessions } from "./print.js";

const write = process.stdout.write.bind(process.stdout);
afterEach(() => {
  process.stdout.write = write;
});

function printed(sessions: object): string {
  let text = "";
  process.stdout.write = (part: string) => {
    text += part;
    return true;
  };
  printSessions({ by_turn: [], cached_share: 0.5, ...sessions } as unknown as SessionSummary);
  process.stdout.write = write;
  return text.split("\n")[0]!;
}

test("sessions have a time where one was answered whole, and none where none was", () => {
  const times = { mean_session_s: 24.35, p50_session_s: 24, p90_session_s: 30 };
  expect(printed({ count: 2, completed: 1, ...times })).toBe(
    "1 of 2 sessions answered whole, in 24.35 s on average (p50 24.00 s, p90 30.00 s); 50 % of all prompt tokens were cached",
  );
  const none = { mean_session_s: null, p50_session_s: null, p90_session_s: null };
  expect(printed({ count: 20, completed: 0, ...none })).toBe(
    "0 of 20 sessions answered whole; 50 % of all prompt tokens were cached",
  );
});
