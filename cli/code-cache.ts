/**
 * Bundles of CommonJS with V8's code cache: what V8 made of a bundle lies beside it, so that a command does not parse and compile a
 * megabyte anew. V8 itself rejects a cache of another version, of other flags or of another text; the bundle is then compiled.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { Script } from "node:vm";

type Require = (name: string) => unknown;
type Body = (exports: unknown, require: Require, module: { exports: unknown }, file: string, folder: string) => void;

/** dist/, seen from dist/cli. */
const dist = resolve(import.meta.dirname, "..");
/** What a bundle takes of Node and of node_modules, the same from each place in dist/. */
const fromPackage = createRequire(import.meta.url) as Require;
/** Modules of Node that take from half a millisecond to two to load, and that many a command imports and does not use. */
const rarelyUsed = /^(node:)?(crypto|zlib|fs\/promises|worker_threads|readline|child_process)$/;

export class BundleLoader {
  private readonly modules = new Map<string, { exports: unknown }>();
  private readonly scripts = new Map<string, Script>();

  /** What a bundle exports; `name` is its path in dist/. */
  load(name: string): unknown {
    const file = resolve(dist, name);
    // Only Node's own loader reads source maps.
    return process.sourceMapsEnabled ? createRequire(file)(file) : this.run(file);
  }

  /** Writes the code of all that was loaded, with every function that has run, beside it. */
  save(): void {
    for (const [file, script] of this.scripts) writeFileSync(cacheOf(file), script.createCachedData());
  }

  private run(file: string): unknown {
    const known = this.modules.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {} as unknown };
    this.modules.set(file, module);
    const folder = dirname(file);
    const require: Require = (name) => {
      if (name.startsWith(".")) return this.run(resolve(folder, name));
      return rarelyUsed.test(name) ? late(() => fromPackage(name) as object) : fromPackage(name);
    };
    const script = compiled(file);
    this.scripts.set(file, script);
    (script.runInThisContext() as Body)(module.exports, require, module, file, folder);
    return module.exports;
  }
}

/** A bundle as a function, from its code cache as far as V8 accepts that (`cachedDataRejected`). */
export function compiled(file: string): Script {
  const text = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "latin1")}\n})`;
  return new Script(text, { filename: file, cachedData: readIfThere(cacheOf(file)) });
}

function cacheOf(bundle: string): string {
  return `${bundle}.cache`;
}

/** Bundles of commands that make-code-cache.ts does not run have none. */
function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** A module that is loaded when something of it is asked for. */
export function late(load: () => object): object {
  let loaded: object | undefined;
  const whole = (): object => (loaded ??= load());
  return new Proxy(
    {},
    {
      get: (_, name) => Reflect.get(whole(), name) as unknown,
      has: (_, name) => Reflect.has(whole(), name),
      ownKeys: () => Reflect.ownKeys(whole()),
      getOwnPropertyDescriptor: (_, name) => {
        const found = Reflect.getOwnPropertyDescriptor(whole(), name);
        return found && { ...found, configurable: true };
      },
    },
  );
}
