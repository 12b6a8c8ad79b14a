/**
 * What a real vLLM on the CPU is made from, and where it is kept. The recipe (pinned requirements, dummy-weight models)
 * lies beside the checkout and is never copied into it; the environment made from it is kept outside the tree.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** This machine cannot run the server: the harness skips, loudly, with this reason. */
export class CannotRun extends Error {
  override readonly name = "CannotRun";
}

export interface Recipe {
  readonly requirements: string;
  readonly makeModels: string;
  /** vLLM's own `bench serve`, without the vllm command. */
  readonly benchServe: string;
  /** Fingerprint of the requirements: an environment made from others is made anew. */
  readonly sha256: string;
}

/** Reads the recipe folder; CannotRun when it is not there. */
export function readRecipe(folder: string): Recipe {
  const requirements = join(folder, "requirements-lock.txt");
  const makeModels = join(folder, "make_models.py");
  for (const file of [requirements, makeModels]) if (!existsSync(file)) throw new CannotRun(`no ${file}`);
  const sha256 = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  return { requirements, makeModels, benchServe: join(folder, "bench_serve.py"), sha256 };
}

export interface Cache {
  readonly root: string;
  readonly venv: string;
  readonly python: string;
  readonly models: string;
  /** HOME of the server, so that it leaves nothing in the user's. */
  readonly scratch: string;
  /** Written last; holds the recipe's fingerprint. */
  readonly marker: string;
}

/** SERVESIM_VLLM_CACHE, else ~/.cache/servesim/vllm-cpu. */
export function cacheOf(env: NodeJS.ProcessEnv): Cache {
  const root = resolve(env.SERVESIM_VLLM_CACHE ?? join(homedir(), ".cache", "servesim", "vllm-cpu"));
  const venv = join(root, "venv");
  return {
    root,
    venv,
    python: join(venv, "bin", "python"),
    models: join(root, "models"),
    scratch: join(root, "scratch"),
    marker: join(root, "ready"),
  };
}
