/** What a policy may know about the machine that a profile was measured on. */
import { check, type Profile } from "../../formats/index.js";
import { serverSettings, type Machine } from "../policy/index.js";

/** Settings that were checked: a profile is simulated again and again. */
const checked = new WeakMap<object, NonNullable<Machine["server"]>>();

/** ConfigError where a profile of a vLLM server has settings that no server has. */
export function machineOf(profile: Profile): Machine {
  const { engine, memory, model, steps } = profile;
  return {
    totalBytes: memory.total_bytes,
    baseBytes: memory.base_bytes,
    kvBytesPerToken: memory.kv_bytes_per_token,
    positions: model.positions,
    ...(model.experts === undefined ? {} : { hasExperts: true }),
    ...(engine.name === "vllm"
      ? {
          server: serverOf(profile),
          serverVersion: engine.version,
        }
      : {}),
    ...(steps === undefined ? {} : { server: steps.settings }),
  };
}

function serverOf({ engine, name }: Profile): NonNullable<Machine["server"]> {
  let server = checked.get(engine.settings);
  if (server === undefined)
    checked.set(engine.settings, (server = check(serverSettings, engine.settings, { source: name })));
  return server;
}
