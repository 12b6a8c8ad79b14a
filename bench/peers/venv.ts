/** The peer in a virtual environment of its own, outside the tree: made once, found again by the version in it. */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "../../formats/index.js";

export const PEER_PACKAGE = "ai-dynamo-runtime";
export const PEER_VERSION = "1.6.1";

/** Path of a Python that has the peer; BackendError when Python, pip or the network is missing. */
export function peerPython(folder = join(tmpdir(), "servesim-peers")): string {
  const python = join(folder, "bin", "python");
  if (existsSync(python) && installedVersion(python) === PEER_VERSION) return python;
  console.error(`installing ${PEER_PACKAGE} ${PEER_VERSION} into ${folder}`);
  run(
    "python3",
    ["-m", "venv", folder],
    `cannot make ${folder}, expected python3 of 3.10 or later with its venv module`,
  );
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--retries", "1", "--timeout", "30"];
  run(
    python,
    [...pip, `${PEER_PACKAGE}==${PEER_VERSION}`],
    `cannot install ${PEER_PACKAGE} ${PEER_VERSION}, expected glibc 2.28 or later and a route to PyPI`,
  );
  const version = installedVersion(python);
  if (version !== PEER_VERSION) {
    throw new BackendError(
      `${folder} has ${PEER_PACKAGE} ${version ?? "that does not load"}, expected ${PEER_VERSION}; delete the folder and run again`,
    );
  }
  return python;
}

function installedVersion(python: string): string | undefined {
  const code = `import dynamo._core, importlib.metadata as m; print(m.version("${PEER_PACKAGE}"))`;
  const child = spawnSync(python, ["-c", code], { encoding: "utf8" });
  return child.status === 0 ? child.stdout.trim() : undefined;
}

function run(command: string, options: readonly string[], what: string): void {
  const child = spawnSync(command, options, { encoding: "utf8" });
  if (child.status !== 0) throw new BackendError(`${what}: ${saidBy(child)}`, { cause: child.error });
}

/** The last lines of what a process said, or why it could not be started. */
export function saidBy(child: SpawnSyncReturns<string>): string {
  if (child.error !== undefined) return child.error.message;
  return `${child.stdout}${child.stderr}`.trim().split("\n").slice(-6).join("\n");
}
