/**
 * npm run -s bench:commands -- --group start|threads|answers|replicas|million [--rounds N] [--list]: wall time and memory of
 * whole commands, run in turn. --list prints the commands instead.
 */
import { ConfigError } from "../../formats/index.js";
import { runScript } from "../original-suite/run-script.js";
import { oneOf, parsedOptions, wholeNumber } from "../sim/arguments.js";
import { commandGroups, type CommandGroup } from "./groups.js";
import { commandTable, runGroup } from "./run-group.js";

const names = Object.keys(commandGroups) as (keyof typeof commandGroups)[];

await runScript(() => {
  const options = parsedOptions(process.argv.slice(2), {
    group: { type: "string" },
    rounds: { type: "string" },
    list: { type: "boolean", default: false },
  });
  if (options.group === undefined) throw new ConfigError(`expected --group, one of ${names.join(", ")}`);
  const group: CommandGroup = commandGroups[oneOf("--group", options.group, names)];
  const rounds = options.rounds === undefined ? group.rounds : wholeNumber("--rounds", options.rounds);
  if (options.list) for (const { words } of group.commands) console.log(["node", ...words].join(" "));
  else console.log(commandTable(runGroup(group, rounds)));
  return 0;
});
