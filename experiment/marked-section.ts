/**
 * A part of a page that a command makes: what stands between `<!-- name:begin -->` and `<!-- name:end -->` is replaced, the
 * rest of the page is left as it is.
 */
import { ArtifactError } from "../formats/index.js";
import { readText, writeTextAtomic } from "../formats/files/index.js";

/** ArtifactError when the page is not there, or does not have the two marks, once each and in this order. */
export function writeMarkedSection(path: string, name: string, body: string): void {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const page = readText(path);
  const [before, ...afterBegin] = page.split(begin);
  const [inside, ...after] = afterBegin.join(begin).split(end);
  if (afterBegin.length !== 1 || after.length !== 1 || inside === undefined) {
    throw new ArtifactError(
      `${path}: expected "${begin}" and after it "${end}", once each, to put the section between`,
    );
  }
  writeTextAtomic(path, `${before!}${begin}\n\n${body.trim()}\n\n${end}${after[0]!}`);
}
