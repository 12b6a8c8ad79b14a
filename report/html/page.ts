/**
 * One HTML file that needs nothing else: style, script and charts are inside, nothing is loaded. A content security
 * policy admits the page's own script by its hash and no other.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { packageFile } from "../../formats/files/index.js";
import { escaped, prose } from "./escape.js";
import { styleSheet } from "./style.js";

/** A part of the page with a heading that its contents list. */
export interface Part {
  readonly id: string;
  readonly heading: string;
  readonly html: string;
}

export interface PageInput {
  readonly title: string;
  /** The answer: large, then in sentences. Plain text. */
  readonly headline: string;
  readonly paragraphs: readonly string[];
  /** Number of warnings in the part `warnings`. */
  readonly warnings: number;
  readonly parts: readonly Part[];
}

/** The page as HTML. */
export function renderPage({ title, headline, paragraphs, warnings, parts }: PageInput): string {
  const script = pageScript();
  const hash = createHash("sha256").update(script).digest("base64");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; img-src data:`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${styleSheet}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header>
<h1>${escaped(title)}</h1>
<p class="headline">${prose(headline)}</p>
${paragraphs.map((text) => `<p class="believe">${prose(text)}</p>`).join("\n")}
${warningHint(warnings)}
</header>
<nav aria-label="Contents"><ul>${parts.map((part) => `<li><a href="#${part.id}">${escaped(part.heading)}</a></li>`).join("")}</ul></nav>
<main id="main" tabindex="-1">
${parts.map((part) => `<section aria-labelledby="${part.id}">\n<h2 id="${part.id}">${escaped(part.heading)}</h2>\n${part.html}\n</section>`).join("\n")}
</main>
<script>${script}</script>
</body>
</html>
`;
}

function warningHint(warnings: number): string {
  if (warnings === 0) return "";
  const count = `${warnings} warning${warnings === 1 ? "" : "s"}`;
  return `<p class="alert" role="note"><strong>${count}:</strong> <a href="#warnings">read before trusting these figures</a>.</p>`;
}

export function warningList(warnings: readonly string[]): string {
  return `<ul>${warnings.map((warning) => `<li>${prose(warning)}</li>`).join("")}</ul>`;
}

/** What report/html/client becomes when servesim is built. */
function pageScript(): string {
  // The end of a script element, in a text of the script, would end it.
  return readFileSync(packageFile("dist/pages/report.js"), "utf8").replaceAll("</script", "<\\/script");
}
