/** Starts the bare server in a process of its own, and ends it. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface BareServer {
  readonly baseUrl: string;
  close(): void;
}

/** `mode`: each stream at times of its own, or all at once at each step. */
export async function startBareServer(gapMs: number, mode: "own" | "step"): Promise<BareServer> {
  const script = fileURLToPath(new URL("./sse-server.js", import.meta.url));
  const child = spawn(process.execPath, [script, String(gapMs), mode], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => {
      reject(new Error(`the bare server ended with code ${code ?? "none"}`));
    });
    child.stdout.once("data", (bytes: Buffer) => {
      resolve(Number(bytes.toString().trim()));
    });
  });
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    close: () => {
      child.kill();
    },
  };
}
