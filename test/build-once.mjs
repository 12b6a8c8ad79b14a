// Builds dist/ before the tests, as npm run build does: workers and the command line are tested as they ship.
import { execFileSync } from "node:child_process";

export default function buildOnce() {
  const node = (...words) => execFileSync(process.execPath, words, { stdio: "inherit" });
  node("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json");
  node("bundle.mjs");
}
