/** Puts a board into a page: its channel to the kernel, its screen, its keys, and what happens when the page goes. */

import { KernelLine } from "../bytes/kernelLine.ts";
import { Screen } from "../player/screen.ts";
import type { FromKernel, ToKernel } from "../protocol.ts";
import type { Thumbnails } from "../thumbnails.ts";
import { Board } from "./board.ts";
import { listenKeys } from "./keyEvents.ts";
import type { Answer, Asked } from "./protocol.ts";
import { openSession, tabStorage } from "./session.ts";

/** The widget's model as anywidget hands it over: a channel, no traits. */
export interface BoardModel {
  send(message: ToKernel | Asked): void;
  on(event: "msg:custom", heard: (message: FromKernel | Answer, buffers: DataView[]) => void): void;
  off(event: string, heard: (...all: never[]) => void): void;
}

export interface MountedBoard {
  board: Board;
  /** Small pictures of the source on show; null while there is none. */
  pictures(): Thumbnails | null;
  /** Hear the keys of this element. */
  listen(root: HTMLElement): void;
  dispose(): void;
}

/** `note` puts the cursor into the note. The board is yet to be started. */
export async function mountBoard(
  model: BoardModel, canvas: HTMLCanvasElement, baseUrl: string, note: () => void,
): Promise<MountedBoard> {
  const session = await openSession(tabStorage());
  const bytes = new KernelLine((message) => model.send(message));
  let screen: Screen | null = null;
  const board = new Board({
    send: (message) => model.send(message),
    screen: (events) => (screen = new Screen(canvas, bytes, baseUrl, events)),
    session, search: location.search, reloaded: isReloaded(), note,
  });
  const hear = (message: FromKernel | Answer, buffers: DataView[]) =>
    void (board.receive(message, buffers) || bytes.receive(message as FromKernel, buffers));
  model.on("msg:custom", hear);
  let deaf = (): void => undefined;
  const page = new AbortController();
  const { signal } = page;
  // A reload keeps what is on its way; a tab that is closed does not.
  window.addEventListener("beforeunload", (event) => board.state.unsaved > 0 && event.preventDefault(), { signal });
  window.addEventListener("pagehide", () => board.leave(), { signal });
  window.addEventListener("pageshow", (event) => event.persisted && board.comeBack(), { signal });
  return {
    board,
    listen: (root) => {
      deaf = listenKeys(root, { down: (press) => board.down(press), up: (press) => board.up(press), left: () => board.left() });
    },
    pictures: () => screen?.pictures ?? null,
    dispose: () => {
      page.abort();
      deaf();
      model.off("msg:custom", hear);
      board.dispose();
      bytes.dispose();
      session.end();
    },
  };
}

/** Somebody loaded the page again or came back to it; he did not follow a link. */
function isReloaded(): boolean {
  const [navigation] = performance.getEntriesByType("navigation");
  return navigation instanceof PerformanceNavigationTiming && navigation.type !== "navigate";
}
