/** Questions to the kernel over the widget's channel, and its answers, paired by a number. */

import type { BytesReply, FromKernel, RowsReply, ToKernel, Urls, UrlsReply } from "../protocol.ts";
import { BytesFault, type ByteRange, type ByteSource, type MediaFile } from "./byteSource.ts";

const ANSWER_MS = 20_000;

/** What the host's channel does: anywidget's `model.send`. It may throw where the kernel is gone. */
export type Send = (message: ToKernel) => void;

interface Answer {
  reply: RowsReply | BytesReply | UrlsReply;
  bytes: DataView | undefined;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export class KernelLine {
  readonly #send: Send;
  readonly #answerMs: number;
  readonly #waiting = new Map<number, Waiting>();
  /** Every view hears all answers of the kernel, so each begins somewhere else. */
  #last = Math.floor(Math.random() * 2 ** 48);

  constructor(send: Send, answerMs = ANSWER_MS) {
    this.#send = send;
    this.#answerMs = answerMs;
  }

  /** Take a message of the kernel; false where it answers no question of ours. */
  receive(message: FromKernel, buffers: readonly DataView[]): boolean {
    if (message.kind === "show" || message.kind === "order") return false;
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return false;
    this.#waiting.delete(message.id);
    if (message.kind === "failed") waiting.reject(new BytesFault("refused", message.message));
    else waiting.resolve({ reply: message, bytes: buffers[0] });
    return true;
  }

  rows(source: number, first: number, end: number, signal: AbortSignal): Promise<DataView> {
    return this.#bytes((id) => ({ kind: "rows", id, source, first, end }), signal);
  }

  read(source: number, file: MediaFile, range: ByteRange, signal: AbortSignal): Promise<DataView> {
    const [offset, size] = [range.start, range.end - range.start];
    return this.#bytes((id) => ({ kind: "read", id, source, file, offset, size }), signal);
  }

  /** Addresses that are good from now on. */
  async urls(source: number, signal: AbortSignal): Promise<Urls> {
    const { reply } = await this.#ask((id) => ({ kind: "urls", id, source }), signal);
    if (reply.kind === "urls" && reply.urls) return reply.urls;
    throw new BytesFault("refused", "the kernel has no address for this video");
  }

  /** Questions still open are given up. */
  dispose(): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new DOMException("closed", "AbortError"));
    this.#waiting.clear();
  }

  async #bytes(question: (id: number) => ToKernel, signal: AbortSignal): Promise<DataView> {
    const { bytes } = await this.#ask(question, signal);
    if (bytes) return bytes;
    throw new BytesFault("broken", "the kernel's answer holds no bytes");
  }

  #ask(question: (id: number) => ToKernel, signal: AbortSignal): Promise<Answer> {
    const id = ++this.#last;
    return new Promise<Answer>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const giveUp = () => reject(signal.reason);
      const timer = setTimeout(() => reject(new BytesFault("lost", "the kernel does not answer")), this.#answerMs);
      const settle = <V>(then: (value: V) => void) => (value: V) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        this.#waiting.delete(id);
        then(value);
      };
      [resolve, reject] = [settle(resolve), settle(reject)];
      signal.addEventListener("abort", giveUp);
      this.#waiting.set(id, { resolve, reject });
      try {
        this.#send(question(id));
      } catch {
        reject(new BytesFault("lost", "the kernel is gone"));
      }
    });
  }
}

/** Bytes of one source over the widget's channel: slower than a server, but there wherever the widget is. */
export class KernelSource implements ByteSource {
  readonly name = "kernel";
  readonly elsewhere = false;
  readonly #line: KernelLine;
  readonly #source: number;

  constructor(line: KernelLine, source: number) {
    this.#line = line;
    this.#source = source;
  }

  async url(): Promise<null> {
    return null;
  }

  async read(file: MediaFile, range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const view = await this.#line.read(this.#source, file, range, signal);
    const size = range.end - range.start;
    if (view.byteLength !== size) throw new BytesFault("broken", `${view.byteLength} bytes came, ${size} were asked for`);
    return new Uint8Array(view.buffer, view.byteOffset, size);
  }
}
