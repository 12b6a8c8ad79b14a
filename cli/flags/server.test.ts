/** Keys, headers and certificates: sent with every request of every command, and neither stored nor printed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostileOptions, type HostileVllm, startHostileVllm } from "../../test/support/hostile-vllm.js";
import { runShared } from "../../test/support/servesim-process.js";
import { serverAccess } from "./server.js";

const KEY = "sk-never-written-anywhere";

let folder: string;
let server: HostileVllm;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "servesim-keys-"));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function servesim(
  env: Record<string, string>,
  ...words: readonly string[]
): Promise<{ code: number; said: string }> {
  const { code, stdout, stderr } = await runShared(folder, words, env);
  return { code: code!, said: stdout + stderr };
}

const load = [
  ...["--dataset-name", "random", "--random-input-len", "8", "--random-output-len", "4", "--num-prompts", "8"],
  ...["--max-concurrency", "2", "--output", "out", "--save-result", "result.json", "--save-detailed"],
];
const bench = (url: string, ...more: readonly string[]): string[] => ["bench", "--backend", "vllm", "--base-url", url, ...load, ...more]; // prettier-ignore

/** Every byte that was written. */
function written(): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return files.map((path) => (statSync(path).isFile() ? readFileSync(path, "latin1") : "")).join("\n");
}

const start = async (options: HostileOptions): Promise<string> => {
  server = await startHostileVllm(options);
  return server.baseUrl;
};

test.each([{ SERVESIM_API_KEY: KEY, OPENAI_API_KEY: "sk-another" }, { OPENAI_API_KEY: `${KEY}\n` }])(
  "a key of the environment goes with every request, and is written nowhere: %o",
  async (env) => {
    const url = await start({ authorization: `Bearer ${KEY}` });
    const { code, said } = await servesim(env, ...bench(url), "--client-workers", "2");
    expect(code).toBe(0);
    const doctor = await servesim(env, "doctor", "--base-url", url);
    expect(doctor.said).toMatch(/streaming +│ ok/);
    // Batches ask for the KV usage while they run.
    const batches = await servesim(env, ...bench(url).slice(0, 5), ...load.slice(0, 8), "--policy", "naive", "--output", "batches"); // prettier-ignore
    expect(batches.code).toBe(0);
    const asked = server.requests.map((line) => line.replace(/\?.*$/, ""));
    expect([...new Set(asked)]).toEqual(
      expect.arrayContaining(["GET /v1/models", "GET /version", "GET /metrics", "POST /v1/completions"]),
    );
    expect(server.unauthorized).toEqual([]);
    expect(said + doctor.said + batches.said + written()).not.toContain(KEY);
    expect(written()).toContain('"client"');
  },
);

test("a wrong key ends with what to do, and a server that says it back does not get it printed", async () => {
  const echo = (key: string): HostileOptions => ({
    path: "/v1/models",
    attack: (response, request) => response.writeHead(401).end(`bad key ${key}, ${request.headers.authorization!}`),
  });
  const url = await start(echo(KEY));
  const { code, said } = await servesim({ SERVESIM_API_KEY: KEY }, ...bench(url));
  expect(code).toBe(3);
  expect(said).toMatch(/HTTP 401 \(bad key \[redacted\], \[redacted\]\); give the server's key in SERVESIM_API_KEY/);
  expect(said).not.toContain(KEY);
});

test("userinfo and query of the URL are sent, and neither stored nor printed", async () => {
  const basic = `Basic ${Buffer.from("me:hush-hush").toString("base64")}`;
  const url = (await start({ authorization: basic })).replace("//", "//me:hush-hush@");
  const { code, said } = await servesim({ OPENAI_API_KEY: KEY }, ...bench(`${url}/v1?token=whisper`));
  expect([code, /error.*/.exec(said)]).toEqual([0, null]);
  expect(server.requests.filter((line) => !line.includes("token=whisper"))).toEqual([]);
  const all = said + written();
  expect(all).not.toMatch(/hush-hush|whisper|me:/);
  expect(all).toContain(`"base_url": "http://127.0.0.1:${server.port}"`);
});

test("headers are checked, a key among them is not shown, and the client's own are left alone", async () => {
  await start({});
  const words = ["--header", "X-Team: a:b", "--header=api-key: k1", "--other", "x"];
  const flags = { header: undefined, cacert: undefined, insecure: false, control_timeout_s: 10 };
  expect(serverAccess(flags, words, {}).headers).toEqual({ "x-team": "a:b", "api-key": "k1" });
  expect(serverAccess(flags, [], { SERVESIM_API_KEY: "", OPENAI_API_KEY: KEY }).apiKey).toBeUndefined();
  const rejected =
    (...given: string[]): (() => unknown) =>
    () =>
      serverAccess(flags, given, {});
  expect(rejected("--header", KEY)).toThrow(/^--header \(its value is not shown\): got no colon/);
  expect(rejected("--header", "Content-Length: 3")).toThrow(/content-length: \.\.\.: this header is the client's own/);
  expect(rejected("--header", `a: ${KEY}\r\nx: y`)).toThrow(/^--header a: \.\.\.: its value has characters/);
  expect(() => serverAccess(flags, [], { OPENAI_API_KEY: `${KEY} x` })).toThrow(
    /^OPENAI_API_KEY has .* \(it is not shown\)/,
  );
  expect(() => serverAccess({ ...flags, cacert: "/dev/zero" }, [], {})).toThrow(/--cacert \/dev\/zero: got no file/);
});

test("certificates are verified, unless they are given or --insecure says so on every output", async () => {
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", [...made, ...named, "-keyout", join(folder, "key.pem"), "-out", join(folder, "ca.pem")], { stdio: "ignore" }); // prettier-ignore
  const [key, cert] = ["key.pem", "ca.pem"].map((name) => readFileSync(join(folder, name), "utf8")) as [string, string];
  const url = await start({ tls: { key, cert } });
  const unsafe = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  const rejected = await servesim(unsafe, ...bench(url));
  expect([rejected.code, server.requests]).toEqual([3, []]);
  expect(rejected.said).toMatch(/self-signed certificate.*--cacert FILE/);
  const given = await servesim({}, ...bench(url, "--cacert", "ca.pem"));
  expect([given.code, given.said.includes("not verified")]).toEqual([0, false]);
  const taken = await servesim({}, ...bench(url, "--insecure", "--force"));
  expect(taken.code).toBe(0);
  expect(taken.said).toMatch(/certificate was not verified/);
  expect(readFileSync(join(folder, "out", "run.json"), "utf8")).toMatch(
    /"tls_verified": false[^]*certificate was not verified/,
  );
  const doctor = await servesim({}, "doctor", "--base-url", url, "--insecure", "--json");
  expect(doctor.said).toMatch(/"detail": "the server's TLS certificate was not verified/);
  writeFileSync(join(folder, "no.pem"), "no certificate");
  expect((await servesim({}, ...bench(url, "--cacert", "no.pem"))).code).toBe(2);
});
