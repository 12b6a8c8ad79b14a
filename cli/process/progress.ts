/** Progress on stderr: a bar with time left on a terminal, a line now and then elsewhere. */
import { Format, SingleBar } from "cli-progress";
import { printable } from "../../formats/index.js";
import { note } from "../printing/index.js";

export interface Progress {
  update(done: number, total: number, label?: string): void;
  stop(): void;
}

const LINE_EVERY_MS = 5_000;

export function startProgress(title: string): Progress {
  const isPlain = !process.stderr.isTTY || process.env.TERM === "dumb";
  return isPlain ? lineProgress(title) : barProgress(title);
}

function barProgress(title: string): Progress {
  const bar = new SingleBar({
    format: `${title} {bar} {value}/{total} {eta_formatted} left {label}`,
    barsize: 12,
    // Not known yet, or never at this pace.
    formatTime: (seconds, options, rounding) => (seconds > 0 ? Format.TimeFormat(seconds, options, rounding) : "…"),
    // A process that a signal ends while it computes could not show it again.
    hideCursor: false,
    clearOnComplete: true,
    etaBuffer: 50,
  });
  let started = false;
  let before = 0;
  return {
    update(done, total, label = "") {
      // Fewer than before: other work, whose time is its own.
      if (!started || done < before) bar.start(total, done, { label: printable(label) });
      else bar.update(done, { label: printable(label) });
      started = true;
      before = done;
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}

function lineProgress(title: string): Progress {
  const startMs = process.uptime() * 1e3;
  let lastMs = startMs;
  let before = { ms: startMs, done: Infinity };
  let from = before;
  return {
    update(done, total, label = "") {
      const nowMs = process.uptime() * 1e3;
      // The first of the work, or fewer than before: other work, or some of it again, whose time is its own.
      if (done < before.done) from = { ms: before.ms, done: Math.max(0, done - 1) };
      before = { ms: nowMs, done };
      if (done <= from.done || nowMs - lastMs < LINE_EVERY_MS) return;
      lastMs = nowMs;
      const leftS = Math.ceil((((nowMs - from.ms) / (done - from.done)) * (total - done)) / 1e3);
      note(`${title} ${done}/${total}${label === "" ? "" : ` ${label}`}, ${leftS} s left`);
    },
    stop: () => undefined,
  };
}
