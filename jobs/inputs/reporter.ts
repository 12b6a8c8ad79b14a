/** How an experiment reports what it is doing; the command line prints it, tests keep it. */
export interface Reporter {
  note(line: string): void;
  warn(line: string): void;
  /** A long piece of work: call `update` as it goes on and `stop` at its end. */
  progress(title: string): { update(done: number, total: number, label?: string): void; stop(): void };
}
