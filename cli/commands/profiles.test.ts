/** servesim profiles show: of a name and of a file, with its chart. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shippedProfile } from "../../jobs/inputs/index.js";
import { command as profilesCommand } from "./profiles.js";

const folder = mkdtempSync(join(tmpdir(), "servesim-profiles-"));
const write = process.stdout.write.bind(process.stdout);
let out = "";
beforeEach(() => {
  out = "";
  process.stdout.write = (text: unknown) => {
    out += String(text);
    return true;
  };
});
afterEach(() => {
  process.stdout.write = write;
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const run = async (action: string, args: object = {}): Promise<void> => {
  await profilesCommand.run({ _: [], $0: "", action, ...args });
};

test("a profile is shown by name or from its file, with a chart that is not replaced unasked", async () => {
  const file = join(folder, "own.json");
  writeFileSync(file, readFileSync(shippedProfile("mini-cpu-2core")));
  const chart = join(folder, "own.svg");
  await run("show", { profile: file, chart });
  expect(out).toContain(file);
  expect(readFileSync(chart, "utf8")).toContain("mini-cpu-2core.measurements.csv) are not beside the profile");
  await expect(run("show", { profile: file, chart })).rejects.toThrow(/own\.svg exists already.*--force/);
  await run("show", { profile: "mini-cpu-2core", chart, force: true });
  expect(readFileSync(chart, "utf8")).toContain("9 measured amounts of memory");
});

test("mistakes are named", async () => {
  await expect(run("show", { profile: "mini-cpu-2cor" })).rejects.toThrow(/no profile "mini-cpu-2cor".*mini-cpu-2core/);
  await expect(run("show")).rejects.toThrow("profiles show: give a name of profiles list, or a file");
  await expect(run("list", { profile: "mini" })).rejects.toThrow(
    "profiles list mini: lists all, use profiles show mini",
  );
  await expect(run("list", { chart: "c.svg" })).rejects.toThrow(/--chart c\.svg: draws one profile/);
  await expect(run("show", { profile: "mini-cpu-2core", png: true })).rejects.toThrow(/--png.*give --chart/);
  await expect(run("look")).rejects.toThrow('profiles: got "look", expected list or show');
});
