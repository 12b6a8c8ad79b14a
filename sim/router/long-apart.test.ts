import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createLongApart } from "./long-apart.fixture.js";
import { testRouter } from "./router.conformance.js";

test("docs/adding-a-router.md shows this very router", () => {
  const router = readFileSync(join("sim", "router", "long-apart.fixture.ts"), "utf8");
  expect(readFileSync(join("docs", "adding-a-router.md"), "utf8")).toContain("```ts\n" + router + "```\n");
});

test("it keeps long prompts apart from short ones, which go to the least outstanding of the others", () => {
  const replicas = { serving: [0, 1, 2], outstanding: Int32Array.of(0, 5, 3) };
  const to = [4000, 3999].map((promptTokens) => createLongApart().route({ session: undefined, promptTokens, prompt: [] }, replicas)); // prettier-ignore
  expect(to).toEqual([0, 2]);
});

testRouter("long-apart", createLongApart);
