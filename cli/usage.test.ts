import { unknownCommand } from "./usage.js";

test.each([
  ["diff", "compare"],
  ["plot", "report"],
  ["benchmark", "bench"],
  ["optimize", "tune"],
  ["plan", "sweep plan"],
  ["Diff", "compare"],
  ["sim", "simulate"],
  ["simulat", "simulate"],
  ["verfy", "verify"],
])("for %s it suggests %s", (word, command) => {
  expect(unknownCommand(word)).toBe(`unknown command "${word}", did you mean "${command}"?; see "servesim --help"`);
});

test.each(["serve", "ca", "zzzzzz", "constructor", ""])("for %p no command is the obvious one", (word) => {
  expect(unknownCommand(word)).toBe(`unknown command "${word}"; see "servesim --help"`);
});
