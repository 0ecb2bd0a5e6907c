/** Shows one state of the board at a time; `look.py` takes its picture. */

import { boardCss, BoardView } from "../../src/board/boardView.ts";
import type { BoardActs, BoardState } from "../../src/board/state.ts";
import { misfits } from "./fits.ts";
import { Footage } from "./footage.ts";
import { GALLERY, watching } from "./states.ts";

const acts: [string, unknown[]][] = [];
let view: BoardView | null = null;
let state: BoardState | null = null;

/** Notes what the regions ask for. */
const heard = new Proxy({} as BoardActs, { get: (_, name) => (...values: unknown[]) => void acts.push([String(name), values]) });

function show(name: string, page: boolean): void {
  view?.dispose();
  const found = GALLERY[name];
  if (!found) throw new Error(`there is no state ${name}`);
  state = found;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [found.source?.width ?? 1280, found.source?.height ?? 720];
  const footage = new Footage(found.clips.map((clip) => clip.start_frame), canvas.width / canvas.height);
  const pictures = footage.pictures();
  if (found.frame >= 0) footage.paint(canvas, found.frame);
  view = new BoardView({ canvas, acts: heard, pictures: () => (found.source ? pictures : null), page });
  document.getElementById("host")?.append(view.element);
  view.update(found);
  if (found.dialog === null) view.focus();
}

function change(changed: Partial<BoardState>): void {
  if (!state || !view) return;
  state = { ...state, ...changed };
  view.update(state);
}

/** Milliseconds of one update each: frames while playing, then clips, in a source of 3,000. */
function smoothness(): { frame: number; clip: number; decision: number } {
  show("many", true);
  const each = (times: number, act: (turn: number) => void) => {
    const start = performance.now();
    for (let turn = 0; turn < times; turn += 1) act(turn);
    return (performance.now() - start) / times;
  };
  const many = watching(3000, 1400);
  const first = many.current?.start_frame ?? 0;
  const frame = each(300, (turn) => change({ frame: first + (turn % 60) }));
  const clip = each(60, (turn) => change({ place: 1400 + turn, current: many.clips[1400 + turn] ?? null }));
  const decision = each(60, (turn) => {
    const clips = many.clips.map((one, place) => (place <= 1400 + turn ? { ...one, state: "approved" as const } : one));
    change({ clips, place: 1401 + turn, current: clips[1401 + turn] ?? null });
  });
  return { frame, clip, decision };
}

const sheet = new CSSStyleSheet();
sheet.replaceSync(boardCss);
document.adoptedStyleSheets = [sheet];
Object.assign(window, { gallery: { names: Object.keys(GALLERY), show, change, acts, misfits, smoothness, state: () => state } });
