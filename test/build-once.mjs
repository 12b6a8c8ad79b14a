// Compiles dist/ before the tests: workers and the command line are tested as they ship.
import { execFileSync } from "node:child_process";

export default function buildOnce() {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
    stdio: "inherit",
  });
}
