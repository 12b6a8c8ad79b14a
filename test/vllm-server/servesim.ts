/** servesim's command line as a child process. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Runs a command; returns stdout; an error with the end of stderr when the exit code is another than expected. */
export async function servesim(args: readonly string[], expectedCode = 0): Promise<string> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve).once("error", reject);
  });
  if (code === expectedCode) return out;
  const lines = said.trim().split("\n").slice(-6).join(" | ");
  throw new Error(`servesim ${args.join(" ")}: exit ${code ?? "by a signal"}, expected ${expectedCode}: ${lines}`);
}
