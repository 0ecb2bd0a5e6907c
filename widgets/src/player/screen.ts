/** All that a view needs to show a source: it makes and replaces film and player as messages of the kernel say. */

import type { KernelLine } from "../bytes/kernelLine.ts";
import { FrameRows } from "../frames.ts";
import type { Show } from "../protocol.ts";
import { Thumbnails } from "../thumbnails.ts";
import { decoderConfig, PictureDecoder } from "./decoder.ts";
import { Film } from "./film.ts";
import { decodedPictures, videoPictures } from "./pictureSupply.ts";
import type { Player, PlayerEvents, PlayerKind } from "./player.ts";
import { choosePlayer } from "./select.ts";
import { Sound } from "./sound.ts";
import { Stage } from "./stage.ts";
import { Status } from "./status.ts";
import { VideoPlayer } from "./video.ts";
import { VideoElement } from "./videoElement.ts";
import { WebCodecsPlayer } from "./webcodecs.ts";

export interface ScreenEvents extends PlayerEvents {
  /** A player was chosen; `why` is a sentence or two, `from` names the way of the bytes: `cdn`, `s3`, `server` or `kernel`. */
  chosen(kind: PlayerKind, why: string, from: string): void;
}

/** How the bytes come, once that is known. */
interface Way {
  from: string | null;
  passed: readonly string[];
}

interface Running {
  identity: string;
  why: string;
  way: Way;
  film: Film;
  status: Status;
  player: Player;
  pictures: Thumbnails;
}

export class Screen {
  readonly #canvas: HTMLCanvasElement;
  readonly #line: KernelLine;
  readonly #baseUrl: string;
  readonly #events: ScreenEvents;
  #running: Running | null = null;
  #shown = 0;

  /** `baseUrl` of the page, to which the kernel's relative paths are joined. */
  constructor(canvas: HTMLCanvasElement, line: KernelLine, baseUrl: string, events: ScreenEvents) {
    this.#canvas = canvas;
    this.#line = line;
    this.#baseUrl = baseUrl;
    this.#events = events;
  }

  /** Null before the first `show`. */
  get player(): Player | null {
    return this.#running?.player ?? null;
  }

  /** Small pictures of the source on screen; null before the first `show`. */
  get pictures(): Thumbnails | null {
    return this.#running?.pictures ?? null;
  }

  /**
   * Show a source from its message's frame on; `avcc` and `rows` are the message's buffers.
   *
   * Resolves when there is a player, which is before the frame is painted. Another clip of the same source keeps the player.
   */
  async show(show: Show, avcc: DataView, rows: DataView): Promise<void> {
    const turn = ++this.#shown;
    const identity = JSON.stringify([show.source, show.paths, show.urls?.from, show.webcodecs]);
    if (show.urls && this.#running?.identity === identity) this.#running.film.take(show.urls);
    if (this.#running?.identity !== identity) {
      this.#close();
      const running = await this.#open(identity, show, avcc);
      if (turn !== this.#shown) return close(running);
      this.#running = running;
      this.#tellChoice(running);
    }
    this.#running.film.rows.add(new FrameRows(show.rows_first, show.rows_end, rows));
    void this.#running.player.seek(show.frame);
  }

  dispose(): void {
    this.#shown++;
    this.#close();
  }

  #close(): void {
    const running = this.#running;
    this.#running = null;
    if (running) close(running);
  }

  async #open(identity: string, show: Show, avcc: DataView): Promise<Running> {
    const status = new Status((state) => this.#events.state(state));
    const way: Way = { from: null, passed: [] };
    const film = new Film(show, this.#line, this.#baseUrl, status, ({ name }, passed) => {
      Object.assign(way, { from: name, passed });
      if (this.#running?.film === film) this.#tellChoice(this.#running);
    });
    // Probing goes on meanwhile; where no way leads to the bytes the player says why.
    film.ladder.choose(new AbortController().signal).catch(() => undefined);
    const config = decoderConfig(avcc, show.source.width, show.source.height);
    const { kind, why, hopeless } = await choosePlayer(show.webcodecs, config);
    if (hopeless !== null) status.failed(hopeless);
    return { identity, why, way, film, status, ...this.#make(show, film, status, kind, config) };
  }

  #tellChoice({ player, why, way: { from, passed } }: Running): void {
    if (from === null) return;
    const detour = passed.length ? ` The bytes come from the ${from}; ${passed.join("; ")}.` : "";
    this.#events.chosen(player.kind, why + detour, from);
  }

  #make(
    show: Show, film: Film, status: Status, kind: PlayerKind, config: VideoDecoderConfig,
  ): Pick<Running, "player" | "pictures"> {
    const stage = new Stage(this.#canvas, show.source, film.bytes, status, this.#events);
    const small = () =>
      kind === "webcodecs" ? decodedPictures(film.bytes, config) : videoPictures(this.#canvas, show.source, film.bytes, film);
    return { player: this.#player(film, stage, kind, config), pictures: new Thumbnails(small) };
  }

  #player(film: Film, stage: Stage, kind: PlayerKind, config: VideoDecoderConfig): Player {
    if (kind === "video") return new VideoPlayer(stage, new VideoElement(film, this.#canvas));
    const refused = () => this.#events.soundRefused();
    const sound = film.source.audio ? new Sound((signal) => film.address(signal, "audio"), refused) : null;
    return new WebCodecsPlayer(stage, new PictureDecoder(config), sound);
  }
}

function close({ status, pictures, player, film }: Running): void {
  status.dispose();
  pictures.dispose();
  player.dispose();
  film.dispose();
}
