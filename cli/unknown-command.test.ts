import { commandNames } from "./command-line.js";
import { unknownCommand } from "./unknown-command.js";

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
  expect(unknownCommand(word, commandNames)).toBe(
    `unknown command "${word}", did you mean "${command}"?; see "servesim --help"`,
  );
});

test.each(["serve", "ca", "zzzzzz", "constructor", ""])("for %p no command is the obvious one", (word) => {
  expect(unknownCommand(word, commandNames)).toBe(`unknown command "${word}"; see "servesim --help"`);
});
