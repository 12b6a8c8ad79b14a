/**
 * A part of a page that a command generates: what stands between `<!-- name:begin -->` and `<!-- name:end -->` is
 * replaced, the rest of the page is left as it is.
 */
import { ArtifactError } from "../errors.js";
import { writeTextAtomic, readText } from "./disk/index.js";

interface Section {
  readonly before: string;
  readonly after: string;
}

/** ArtifactError when the page is not there, or does not have the two marks, once each and in this order. */
export function requireMarkedSection(path: string, name: string): Section {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [before, inside, ...moreBegins] = readText(path).split(begin);
  const [, after, ...moreEnds] = inside?.split(end) ?? [];
  if (after === undefined || moreBegins.length > 0 || moreEnds.length > 0) {
    throw new ArtifactError(
      `${path}: expected "${begin}" and after it "${end}", once each, to put the section between`,
    );
  }
  return { before: `${before!}${begin}`, after: `${end}${after}` };
}

/** Replaces the section; throws as `requireMarkedSection` does. */
export function writeMarkedSection(path: string, name: string, body: string): void {
  const { before, after } = requireMarkedSection(path, name);
  writeTextAtomic(path, `${before}\n\n${body.trim()}\n\n${after}`);
}
