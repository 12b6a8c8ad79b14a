/** Profiles by name and by path, and what is said to somebody who names none. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../formats/index.js";
import { loadProfile, profileNames, profileReference, shippedProfile } from "./profiles.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-profiles-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("every profile that ships is found by its name, as by its path", () => {
  expect(profileNames()).toEqual(expect.arrayContaining(["h100-llama-3.1-8b-vllm-0.26", "mini-cpu-2core"]));
  for (const name of profileNames()) expect(loadProfile(name)).toEqual(loadProfile(shippedProfile(name)));
});

test("a name that nothing has is answered with the nearest, and with all", () => {
  const load = (): unknown => loadProfile("h100-lama-3.1-8b-vllm-0.26");
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(
    /^no profile "h100-lama-3\.1-8b-vllm-0\.26", did you mean "h100-llama-3\.1-8b-vllm-0\.26"\? \(known: h100-gpt2-fp16, /,
  );
  expect(() => loadProfile("mine")).toThrow(/^no profile "mine" \(known: .*; or give a file, such as mine\.json\)$/);
});

test("a name that looks like a path is read as a file, and its errors give the path", () => {
  expect(() => loadProfile("mine.json")).toThrow(/^cannot read mine\.json: no such file/);
  expect(() => loadProfile("./mine")).toThrow(/^cannot read mine: no such file/);
  const path = join(folder, "without-ending");
  copyFileSync(shippedProfile("mini-cpu-2core"), path);
  expect(loadProfile(path).name).toBe("mini-cpu");
});

test("a path is taken from the folder that it is written in, a name from anywhere", () => {
  copyFileSync(shippedProfile("mini-cpu-2core"), join(folder, "mine"));
  expect(profileReference("mine", folder)).toBe(join(folder, "mine"));
  expect(profileReference("there/mine.json", folder)).toBe(join(folder, "there/mine.json"));
  expect(profileReference("mini-cpu-2core", folder)).toBe("mini-cpu-2core");
  expect(() => profileReference("yours", folder)).toThrow(/no profile "yours"/);
});
