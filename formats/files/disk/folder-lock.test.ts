import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../index.js";
import { LOCK_NAME, whileFileLocked, whileLocked } from "./folder-lock.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-lock-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function lockWith(owner: object | string): void {
  writeFileSync(join(folder, LOCK_NAME), typeof owner === "string" ? owner : JSON.stringify(owner));
}

test("a folder is locked while work goes on, and free afterwards, whatever came of it", async () => {
  await whileLocked(folder, () => {
    expect(JSON.parse(readFileSync(join(folder, LOCK_NAME), "utf8"))).toMatchObject({ pid: process.pid });
    return Promise.resolve();
  });
  const failed = whileLocked(folder, () => Promise.reject(new Error("no")));
  await expect(failed).rejects.toThrow("no");
  await expect(whileLocked(join(folder, "new", "er"), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(readdirSync(folder)).toEqual([]);
});

test("a second process is turned away, and named", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  try {
    lockWith({ pid: child.pid, host: hostname() });
    let isDone = false;
    const work = (): Promise<void> => {
      isDone = true;
      return Promise.resolve();
    };
    await expect(whileLocked(folder, work)).rejects.toThrow(
      new RegExp(`is in use by process ${child.pid!}; wait until that process ends`),
    );
    await expect(whileLocked(folder, work)).rejects.toThrow(ConfigError);
    expect(isDone).toBe(false);
    expect(readdirSync(folder)).toEqual([LOCK_NAME]);
  } finally {
    child.kill("SIGKILL");
  }
});

test("a file is locked beside it, and its neighbours are not", async () => {
  const file = join(folder, "new", "profile.json");
  await whileFileLocked(file, async () => {
    expect(readdirSync(join(folder, "new"))).toEqual([".profile.json.lock"]);
    await expect(whileFileLocked(file, () => Promise.resolve())).rejects.toThrow(
      new RegExp(
        `profile.json is in use by process ${process.pid}; wait until that process ends, or write to another place`,
      ),
    );
    await whileFileLocked(join(folder, "new", "other.json"), () => Promise.resolve());
  });
  expect(readdirSync(folder)).toEqual([]);
});

test("the lock of a process that is no more is taken over, also when its id belongs to another now", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const owners = [{ pid, host: hostname() }];
  if (existsSync("/proc/self/stat")) owners.push({ pid: process.pid, host: hostname(), started: "of/before" } as never);
  for (const owner of owners) {
    lockWith(owner);
    await expect(whileLocked(folder, () => Promise.resolve(7))).resolves.toBe(7);
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("what cannot be read in the lock's place is told, not waited for", async () => {
  mkdirSync(join(folder, ".lock"));
  await expect(whileLocked(folder, () => Promise.resolve())).rejects.toThrow(/\.lock is no lock of servesim's/);
  rmSync(join(folder, ".lock"), { recursive: true });
  symlinkSync("nowhere", join(folder, ".lock"));
  await expect(whileLocked(folder, () => Promise.resolve())).rejects.toThrow(/\.lock is no lock of servesim's/);
});

test("a lock of another host stays, and the message says what to remove; so does what is no lock", async () => {
  lockWith({ pid: 1, host: "elsewhere" });
  await expect(whileLocked(folder, () => Promise.resolve())).rejects.toThrow(
    /process 1 on elsewhere; .* if that process has ended, remove .*\.lock/,
  );
  for (const text of ["", "{", '{"pid": "x"}']) {
    lockWith(text);
    await expect(whileLocked(folder, () => Promise.resolve())).rejects.toThrow(/\.lock is no lock of servesim's/);
  }
});
