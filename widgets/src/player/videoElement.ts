/** A hidden `<video>`: seeks that end when the picture is really there, outages that heal by loading again. */

import { load, type MediaAddress } from "../bytes/mediaFile.ts";
import { orAborted, pause } from "../bytes/pause.ts";
import { Idle, untilVisible } from "./idle.ts";

/** After a seek without a picture for so long somebody asks the server whether it lives. */
const PATIENCE_MS = 1_200;
const IDLE_MS = 20_000;
const ENDS = ["ended", "error"] as const;

/** What is on the element at a moment. */
export interface Grabbed {
  /** Media time in seconds. */
  time: number;
  picture: CanvasImageSource;
  close(): void;
}

/** Parts of the world outside that the element needs. */
export interface VideoSupply {
  /** Where to load from; asked again after an outage. */
  address(signal: AbortSignal): Promise<MediaAddress>;
  /** Resolves when bytes come, telling of outages meanwhile; rejects where none ever will. */
  alive(signal: AbortSignal): Promise<void>;
}

export class VideoElement {
  readonly element: HTMLVideoElement;
  readonly #supply: VideoSupply;
  readonly #idle = new Idle(IDLE_MS, () => this.#unload());
  #address: MediaAddress | null = null;
  #shown: number | null = null;
  #watch = 0;
  /** Whether a `VideoFrame` of this element says when it is to be shown; null until that is known. */
  #framesTell: boolean | null = typeof VideoFrame === "undefined" ? false : null;
  #heard: (() => void) | null = null;

  constructor(supply: VideoSupply, near: HTMLElement) {
    this.#supply = supply;
    this.element = document.createElement("video");
    this.element.playsInline = true;
    this.element.preload = "auto";
    this.element.muted = true;
    // Pictures of elements outside the page, or hidden by `display`, come four times a second only (Chromium 156).
    this.element.style.cssText = "position:absolute;left:0;top:0;width:2px;height:2px;opacity:0;pointer-events:none";
    (near.parentElement ?? document.body).append(this.element);
    this.#listen();
  }

  /** Media time of the picture that is on the element now; null where that is not known. */
  get shown(): number | null {
    return this.element.seeking ? null : this.#shown;
  }

  /** False where a picture that is drawn while the element plays may be another than the one that was announced. */
  get tells(): boolean {
    return this.#framesTell === true;
  }

  /** Seek, and wait for the picture that comes: its media time in seconds. */
  async seek(time: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      await this.#load(signal);
      const picture = this.#picture(signal, PATIENCE_MS);
      this.element.currentTime = time;
      const came = await picture;
      this.#idle.rest();
      if (came !== null && (await this.#drawable(signal))) return came;
      await untilVisible(signal);
      await this.#supply.alive(signal);
      if (this.element.error || this.element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) this.#unload();
      // After a seek behind the start of the last frame WebKitGTK 2.50 may announce nothing, and stay on what it showed.
      else if (this.shown !== null) return this.shown;
    }
  }

  /**
   * The picture that is on the element now; `told` is the time that was announced.
   *
   * In playing the element may be one picture ahead of what was announced (Chromium 156: 6 of 144), its `VideoFrame` is not.
   */
  grab(told: number): Grabbed {
    if (this.#framesTell === false) return { time: told, picture: this.element, close: () => undefined };
    const picture = new VideoFrame(this.element);
    const near = (time: number) => Math.abs(picture.timestamp - time * 1e6) <= 2;
    // After a seek the element's own time lies within the frame; a browser that gives it, or always 0 (Firefox 153), says nothing.
    const constant = near(this.element.currentTime) || near(0);
    if (!constant || !near(told)) this.#framesTell ??= !constant;
    const time = this.#framesTell ? picture.timestamp / 1e6 : told;
    return { time, picture, close: () => picture.close() };
  }

  /** Play from here; muted where the browser wants a click before it lets sound play. */
  async play(speed: number, muted: boolean): Promise<{ muted: boolean; refused: boolean }> {
    this.#idle.busy();
    this.element.playbackRate = speed;
    this.element.preservesPitch = true;
    this.element.muted = muted;
    try {
      await this.element.play();
      return { muted, refused: false };
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") throw error;
      this.element.muted = true;
      await this.element.play();
      return { muted: true, refused: true };
    }
  }

  pause(): void {
    this.element.pause();
    if (this.#address) this.#idle.rest();
  }

  setMuted(muted: boolean): void {
    this.element.muted = muted;
  }

  /** Media time of the next picture; null at the end of the file. Waits out an outage, and goes on where it stood. */
  async nextPicture(signal: AbortSignal): Promise<number | null> {
    for (;;) {
      const came = await this.#picture(signal, PATIENCE_MS);
      if (came !== null) return came;
      if (this.element.ended) return null;
      if (this.element.paused && !this.element.error) throw new DOMException("paused", "AbortError");
      const stood = this.#shown ?? this.element.currentTime;
      this.element.pause();
      await untilVisible(signal);
      await this.#supply.alive(signal);
      await this.#goOn(stood, signal);
    }
  }

  /** Go elsewhere while playing. */
  async jump(time: number, signal: AbortSignal): Promise<void> {
    if (this.#expires) return await this.#goOn(time, signal);
    this.element.currentTime = time;
    if (this.element.paused) void this.element.play().catch(() => undefined);
  }

  /** Elements that are only removed keep their connections; a page has six for each host. */
  dispose(): void {
    this.#idle.busy();
    this.element.cancelVideoFrameCallback(this.#watch);
    this.#unload();
    this.element.remove();
  }

  /** Its address will not work for long any more. */
  get #expires(): boolean {
    return this.#address !== null && this.#address.until <= Date.now();
  }

  /** Play from here, loading again what has failed or expires. */
  async #goOn(time: number, signal: AbortSignal): Promise<void> {
    const speed = this.element.playbackRate;
    await this.#load(signal);
    this.element.currentTime = time;
    this.element.playbackRate = speed;
    await this.element.play();
  }

  async #load(signal: AbortSignal): Promise<void> {
    this.#idle.busy();
    if (this.element.error || this.#expires) this.#unload();
    if (this.#address) return;
    const address = await this.#supply.address(signal);
    if (signal.aborted) address.release();
    signal.throwIfAborted();
    this.#address = address;
    load(this.element, address);
  }

  #unload(): void {
    this.element.pause();
    this.#shown = null;
    this.element.removeAttribute("src");
    this.element.load();
    this.#address?.release();
    this.#address = null;
  }

  /** Firefox 153 announces the picture of a seek some milliseconds before it draws it: until then it draws nothing. */
  async #drawable(signal: AbortSignal): Promise<boolean> {
    const end = performance.now() + PATIENCE_MS;
    while (this.element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
      if (this.element.error || performance.now() > end) return false;
      await pause(4, signal);
    }
    return true;
  }

  #listen(): void {
    this.#watch = this.element.requestVideoFrameCallback((_, { mediaTime }) => {
      this.#shown = mediaTime;
      this.#listen();
      this.#heard?.();
    });
  }

  /** Media time of the next picture that is shown, null where none comes in time, or the file ends or fails. */
  #picture(signal: AbortSignal, patience: number): Promise<number | null> {
    const came = new Promise<number | null>((resolve) => {
      const end = (time: number | null) => {
        clearTimeout(timer);
        // Another one may be waited for by now.
        if (this.#heard === heard) this.#heard = null;
        for (const event of ENDS) this.element.removeEventListener(event, none);
        signal.removeEventListener("abort", none);
        resolve(time);
      };
      const none = () => end(null);
      const timer = setTimeout(none, patience);
      const heard = () => end(this.#shown);
      this.#heard = heard;
      for (const event of ENDS) this.element.addEventListener(event, none);
      signal.addEventListener("abort", none);
    });
    return orAborted(came, signal);
  }
}
