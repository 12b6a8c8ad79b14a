/** servesim page: the what-if page, the simulator with controls in one HTML file for a browser. */
import { writeTextAtomic } from "../../formats/files/index.js";
import { ConfigError } from "../../formats/index.js";
import { whatIfPage } from "../../jobs/what-if-page/index.js";
import { lastGiven, REPEATABLE, type Command } from "../command.js";
import { requireFree } from "../files/index.js";
import { declareFlags, fileName, parseFlags, toggle } from "../flags/index.js";
import { note } from "../printing/index.js";

const ownFlags = {
  output: fileName.default("what-if.html").describe("HTML file for the page"),
  force: toggle.describe("overwrite an existing file"),
};

export const command: Command = {
  flags: (yargs) =>
    declareFlags(yargs.parserConfiguration(REPEATABLE), ownFlags).alias("o", "output").option("profile", {
      array: true,
      type: "string",
      requiresArg: true,
      describe: "profiles to choose from on the page: names (servesim profiles list) or files",
    }),
  run: (given) => {
    const args = lastGiven(given, ["profile"]);
    const { output, force } = parseFlags(ownFlags, args);
    const profiles = (args.profile as readonly string[] | undefined) ?? [];
    if (profiles.length === 0) {
      throw new ConfigError(
        "--profile: got nothing, expected the name of a profile that ships (servesim profiles list) or a file",
      );
    }
    requireFree([output], "--output", force);
    const html = whatIfPage(profiles);
    writeTextAtomic(output, html);
    note(`page written to ${output} (${Math.round(html.length / 1000)} kB): open it in a browser, it needs no server`);
  },
};
