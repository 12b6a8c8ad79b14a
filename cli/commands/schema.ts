/** servesim schema NAME: the JSON Schema of a file format; without a name, the formats there are. */
import { jsonSchema, schemaNames } from "../../formats/index.js";
import type { Command } from "../command.js";
import { print, printJson } from "../printing/index.js";

export const command: Command = {
  flags: (yargs) => yargs.positional("name", { type: "string", describe: schemaNames.join(", ") }),
  run: (args) => {
    const name = args.name;
    if (typeof name === "string") printJson(jsonSchema(name));
    else for (const known of schemaNames) print(known);
  },
};
