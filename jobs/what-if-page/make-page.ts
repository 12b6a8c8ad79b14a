/**
 * The what-if page: one HTML file with the simulator, style and profiles inside. Its content security policy admits
 * these by their hashes, and nothing else can be loaded or reached.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { ArtifactError, ConfigError } from "../../formats/index.js";
import { packageFile, packageVersion } from "../../formats/files/index.js";
import type { PageData, PageProfile } from "../../page/model/index.js";
import { loadProfile } from "../inputs/index.js";
import { startValues } from "./start-values.js";

/** `references`: names of profiles that ship, or files, each once. ConfigError for others. */
export function whatIfPage(references: readonly string[]): string {
  const twice = references.find((reference, at) => references.indexOf(reference) !== at);
  if (twice !== undefined) throw new ConfigError(`profile ${twice} was given twice, give each once`);
  const profiles = references.map((reference): PageProfile => {
    const profile = loadProfile(reference);
    return { reference, profile, defaults: startValues(profile) };
  });
  return pageOf({ version: packageVersion(), profiles });
}

function pageOf(data: PageData): string {
  const style = partOf("what-if.css");
  const script = inScript(partOf("what-if.js"));
  const policy =
    `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}' 'wasm-unsafe-eval'; ` +
    "worker-src blob:; base-uri 'none'; form-action 'none'";
  return [
    ['content=""', `content="${policy}"`],
    ["<style></style>", `<style>${style}</style>`],
    [
      '<script id="data" type="application/json"></script>',
      `<script id="data" type="application/json">${inScript(JSON.stringify(data))}</script>`,
    ],
    ['<script id="program"></script>', `<script id="program">${script}</script>`],
  ].reduce((html, [place, content]) => {
    if (!html.includes(place!))
      throw new ArtifactError(`dist/pages/what-if.html has no ${place!}; npm run build makes it`);
    return html.replace(place!, () => content!);
  }, partOf("what-if.html"));
}

/** Text that a script element can hold: in JSON and in JavaScript's strings and patterns `<\/` and `\x3c!` mean the same. */
function inScript(text: string): string {
  return text.replace(/<(?=\/script|script)/gi, "\\u003c").replaceAll("<!--", "\\u003c!--");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** A part of the page that the build made. */
function partOf(name: string): string {
  const file = packageFile(`dist/pages/${name}`);
  if (!existsSync(file)) throw new ArtifactError(`${file} is missing; npm run build makes it`);
  return readFileSync(file, "utf8");
}
