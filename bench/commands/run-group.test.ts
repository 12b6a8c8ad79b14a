import { BackendError } from "../../formats/index.js";
import { commandGroups } from "./groups.js";
import { commandTable, runGroup } from "./run-group.js";

const nothing = { label: "nothing", words: ["-e", "0"] };

test("each command is run once in every round", () => {
  const times = runGroup({ commands: [nothing], rounds: 9, withMemory: false }, 2);
  expect(times).toEqual([{ label: "nothing", seconds: [expect.any(Number), expect.any(Number)], peakMib: [] }]);
  for (const seconds of times[0]!.seconds) expect(seconds).toBeGreaterThan(0);
});

test("a command that fails is named with what it said", () => {
  const failing = { label: "this one", words: ["-e", 'console.error("no such profile"); process.exit(2)'] };
  const run = () => runGroup({ commands: [failing], rounds: 1, withMemory: false }, 1);
  expect(run).toThrow(BackendError);
  expect(run).toThrow("this one: exit code 2\nno such profile");
});

test("the table has the median and the least time, and memory where it was asked for", () => {
  const seconds = [0.3, 0.1, 0.2];
  const bare = commandTable([{ label: "a", seconds, peakMib: [] }]);
  expect(bare.split("\n").at(-1)).toBe("| a       |     0.200 |    0.100 |");
  const measured = commandTable([{ label: "a", seconds, peakMib: [100, 2000, 1500] }]);
  expect(measured.split("\n").at(-1)).toBe("| a       |     0.200 |    0.100 |        1,500 |");
});

test("replicas are simulated in one thread and in two, otherwise by the same command", () => {
  const { commands } = commandGroups.replicas;
  for (let at = 0; at < commands.length; at += 2) {
    const [one, two] = [commands[at]!.words, commands[at + 1]!.words];
    expect([one.at(-1), two.at(-1)]).toEqual(["1", "2"]);
    expect(two.slice(0, -1)).toEqual(one.slice(0, -1));
  }
});
