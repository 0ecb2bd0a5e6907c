/** A board in a test: a kernel in memory, a screen that paints when it is told to, and fingers. */

import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Board, type BoardParts } from "../src/board/board.ts";
import type { BoardScreen } from "../src/board/boardPlayer.ts";
import type { Op } from "../src/board/outbox.ts";
import type { ClipRow } from "../src/board/protocol.ts";
import type { Kept, Session } from "../src/board/session.ts";
import type { FrameRange } from "../src/player/player.ts";
import type { ScreenEvents } from "../src/player/screen.ts";
import type { Show } from "../src/protocol.ts";
import { BoardKernel, rows } from "./boardKernel.ts";

/** Paints what was asked for last, a moment later. */
export class TestScreen implements BoardScreen {
  frame = -1;
  playing = false;
  /** Paint by itself. */
  paints = true;
  readonly played: FrameRange[] = [];
  readonly prefetched: number[][] = [];
  expected: number[] = [];
  readonly #events: ScreenEvents;
  #wanted = -1;

  constructor(events: ScreenEvents) {
    this.#events = events;
  }

  player: this | null = null;

  /** As in a browser, there is no player before it is known which one can play. */
  async show(show: Show): Promise<void> {
    this.player = null;
    await Promise.resolve();
    this.player = this;
    void this.seek(show.frame);
  }

  async seek(frame: number): Promise<boolean> {
    this.playing = false;
    this.#wanted = frame;
    await Promise.resolve();
    if (this.paints) this.paint();
    return this.frame === frame;
  }

  /** Paint the frame that was asked for last. */
  paint(frame = this.#wanted): void {
    this.frame = frame;
    this.#events.painted(frame);
  }

  play(range: FrameRange, _: number, from = range.start): void {
    this.playing = true;
    this.played.push(range);
    this.frame = from;
  }

  pause(): void {
    this.playing = false;
  }

  setMuted(): void {}

  prefetch(frames: readonly number[]): void {
    this.prefetched.push([...frames]);
  }

  expect(frames: readonly number[]): void {
    this.expected = [...frames];
  }

  dispose(): void {}
}

/** A tab's own storage, and every operation that was ever in it. */
export function session(): Session & { ops: Map<string, Op> } {
  const [kept, ops] = [new Map<Kept, string>(), new Map<string, Op>()];
  const keep = (what: Kept, value: unknown) => {
    kept.set(what, JSON.stringify(value));
    if (what === "outbox") for (const op of value as Op[]) ops.set(op.op_id, op);
  };
  return {
    id: "tab", ops, keep,
    kept: (what) => JSON.parse(kept.get(what) ?? "null") as unknown, end: () => undefined,
  };
}

export interface Desk {
  board: Board;
  kernel: BoardKernel;
  screen: TestScreen;
  /** Press and release keys, such as `a`, `Ctrl+z`, `Shift+ArrowLeft`. */
  press(...keys: string[]): Promise<void>;
  down(key: string, repeat?: boolean, at?: number): boolean;
  up(key: string): void;
  /** Ref of the clip on screen. */
  on(): string | undefined;
  texts(): string[];
  /** Wait until all is saved and said. */
  settled(): Promise<void>;
  close(): void;
}

/** A board with a source of so many clips, or these, on its first one. */
export async function desk(t: TestContext, clips: number | ClipRow[], change: Partial<BoardParts> = {}, prepare: (kernel: BoardKernel) => void = () => undefined): Promise<Desk> {
  let screen!: TestScreen;
  const kernel: BoardKernel = new BoardKernel(typeof clips === "number" ? rows(clips) : clips, (answer, buffers) => board.receive(answer, buffers));
  prepare(kernel);
  const board: Board = new Board({
    send: (message) => kernel.hear(message), screen: (events) => (screen = new TestScreen(events)), session: session(), search: "",
    note: () => undefined, times: { tick: 5, again: 30, longest: 60 }, beatMs: 100_000, graceMs: 5, ...change,
  });
  t.after(() => board.dispose());
  board.start();
  const spelled = (key: string) => {
    const parts = key.split("+");
    const name = parts.at(-1) || "+";
    return { key: name, code: "", shift: parts.includes("Shift"), ctrl: parts.includes("Ctrl"), alt: false };
  };
  const made: Desk = {
    board, kernel, screen,
    down: (key, repeat = false, at = 0) => board.down({ ...spelled(key), repeat, at }),
    up: (key) => board.up(spelled(key)),
    async press(...keys) {
      for (const key of keys) {
        made.down(key);
        made.up(key);
        await sleep(0);
      }
    },
    on: () => board.state.current?.ref,
    texts: () => board.state.toasts.map((toast) => toast.text),
    async settled() {
      do await sleep(5);
      while (board.state.unsaved > 0);
      await sleep(10);
    },
    close: () => board.dispose(),
  };
  while (!board.state.ready && board.state.current === null && board.state.finished === null) await sleep(1);
  await sleep(1);
  return made;
}
