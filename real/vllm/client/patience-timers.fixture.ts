/**
 * Patience that ends when a test says so. In real time a busy machine may take longer than a client is patient before the server has
 * seen the request, or before the client has seen a token; here a client gives up after both, however long they take.
 */

/** Patience of the requests; no other timer is of this length. */
export const PATIENCE_MS = 54_321;

type Timer = ReturnType<typeof setTimeout>;

const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
const held = new Map<Timer, () => void>();

/** Until releasePatience(), timers of PATIENCE_MS in this thread wait for endPatience(). */
export function holdPatience(): void {
  const set = (fire: () => void, ms?: number, ...args: unknown[]): Timer => {
    const timer = realSet(fire, ms, ...(args as []));
    if (ms === PATIENCE_MS) held.set(timer, fire);
    return timer;
  };
  const clear = (timer?: Timer): void => {
    if (timer !== undefined) held.delete(timer);
    realClear(timer);
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
}

/** The patience of all who wait is over. */
export function endPatience(): void {
  for (const [timer, fire] of [...held]) {
    held.delete(timer);
    realClear(timer);
    fire();
  }
}

export function releasePatience(): void {
  Object.assign(globalThis, { setTimeout: realSet, clearTimeout: realClear });
  held.clear();
}
