/** The benchmark's page: one player at a time, driven by `benchmarks/bench_player.py`. */

import { READ_EVERY, type Contestant, type FilmFacts, type Played } from "./contestant.ts";
import { Ours } from "./ours.ts";
import { SheetPeer } from "./sheetPeer.ts";
import { VideoPeer } from "./videoPeer.ts";

interface Seek {
  frame: number;
  /** Wall clock in seconds, to find the seek's requests in the server's log. */
  began: number;
  /** Milliseconds until the picture was painted. */
  painted: number;
  /** Milliseconds until the page's next rendering, which shows it. */
  shown: number;
  /** What the picture says. */
  number: number;
}

interface Scrubbed {
  painted: number;
  seconds: number;
  read: number;
  wrong: number;
}

type Message = Pick<FilmFacts, "show" | "sheets"> & { avcc: string; rows: string };

let player: Contestant;

async function contestant(name: string): Promise<Contestant> {
  if (name === "ours") return new Ours();
  if (name === "video") return new VideoPeer("proxy");
  if (name === "gop") return new VideoPeer("gop");
  if (name === "sheets") return new SheetPeer();
  // Bundled apart, for where the peer is not installed.
  const address = "/mediabunnyPeer.js";
  const { MediabunnyPeer } = (await import(address)) as { MediabunnyPeer: new () => Contestant };
  return new MediabunnyPeer();
}

function view(base64: string): DataView {
  return new DataView(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
}

/** Open a player on the film; `who` marks its requests in the server's log, `own` replaces parts of the message. Milliseconds until it can seek. */
async function open(name: string, who: string, own: Partial<FilmFacts["show"]> = {}): Promise<number> {
  const message = (await (await fetch("/film.json")).json()) as Message;
  const marked = (path: string) => `${path}?who=${who}`;
  const show = { ...message.show, paths: { proxy: marked("proxy.mp4"), audio: marked("audio.m4a") }, ...own };
  const sheets = { ...message.sheets, urls: message.sheets.urls.map((url) => new URL(marked(url), location.href).href) };
  const [proxy, gop] = ["proxy.mp4", "gop.mp4"].map((path) => new URL(marked(path), location.href).href) as [string, string];
  player = await contestant(name);
  const began = performance.now();
  await player.open({ show, avcc: view(message.avcc), rows: view(message.rows), proxy, gop, sheets });
  return performance.now() - began;
}

/** Seek to frames one after another, with a rest between them. */
async function seeks(frames: number[], rest: number): Promise<Seek[]> {
  const done: Seek[] = [];
  for (const frame of frames) {
    await new Promise((resolve) => setTimeout(resolve, rest));
    const began = performance.now();
    await player.seek(frame);
    const painted = performance.now() - began;
    await new Promise(requestAnimationFrame);
    const shown = performance.now() - began;
    done.push({ frame, began: (performance.timeOrigin + began) / 1_000, painted, shown, number: player.number() });
  }
  return done;
}

async function scrub(first: number, end: number): Promise<Scrubbed> {
  const [began, result] = [performance.now(), { painted: 0, seconds: 0, read: 0, wrong: 0 }];
  await player.scrub?.(first, end, (frame) => {
    if (result.painted++ % READ_EVERY === 0) {
      result.read++;
      if (player.number() !== frame) result.wrong++;
    }
  });
  result.seconds = (performance.now() - began) / 1_000;
  return result;
}

async function play(frames: number): Promise<Played | undefined> {
  return player.play?.(frames);
}

Object.assign(window, { bench: { open, seeks, scrub, play } });
