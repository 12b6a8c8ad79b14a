/** A real Valkey (or Redis) server on a free port of this machine, without a disk, that the test may kill and start again. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

const program = ["valkey-server", "redis-server"].find((name) => spawnSync(name, ["--version"]).status === 0);

/** Where there is no server to start, tests that need one are skipped, and say so. */
export const describeWithValkey = program === undefined ? skipLoudly : describe;

function skipLoudly(name: string, tests: () => void): void {
  console.warn(
    `SKIPPED: ${name}: neither valkey-server nor redis-server is installed (Debian: apt-get install valkey-server)`,
  );
  describe.skip(name, tests);
}

export interface Valkey {
  readonly port: number;
  readonly url: string;
  /** Ends it as a power cut would: with all that it holds. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
}

/** `settings`: as for its command line, such as ["--requirepass", "..."]. */
export async function startValkey(settings: readonly string[] = []): Promise<Valkey> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const valkey: Valkey = {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: async () => {
      if (child?.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
    start: async () => {
      const fixed = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
      child = spawn(program!, [...fixed, ...settings], { stdio: "ignore" });
      while (!(await answers(port))) await new Promise((resume) => setTimeout(resume, 10));
    },
  };
  await valkey.start();
  return valkey;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", end(true)).once("error", end(false));
  });
}
