/** A film of random bytes with its frame index, and a real server of its ranges that can misbehave. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "./bitwise_crc32.ts";

export const SIZES = [100, 2_000, 30_000, 1, 517, 9_000, 20_000, 64];
/** Bytes between two frames, as sound has them. */
const GAP = 300;

export interface Film {
  bytes: Uint8Array<ArrayBuffer>;
  offsets: number[];
  rows: DataView<ArrayBuffer>;
}

export function makeFilm(sizes: readonly number[] = SIZES): Film {
  const head = 64;
  const offsets = sizes.map((_, at) => head + sizes.slice(0, at).reduce((sum, size) => sum + size + GAP, 0));
  const bytes = new Uint8Array(head + sizes.reduce((sum, size) => sum + size + GAP, 0));
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 2_654_435_761) >>> 13;
  bytes.set(new TextEncoder().encode("\0\0\0 ftypisom"));
  const n = sizes.length;
  const rows = new DataView(new ArrayBuffer(24 * n + 8));
  for (let at = 0; at <= n; at++) rows.setFloat64(8 * at, 40 * at, true);
  for (const [at, size] of sizes.entries()) {
    const offset = offsets[at] ?? 0;
    rows.setFloat64(8 * (n + 1 + at), offset, true);
    rows.setUint32(16 * n + 8 + 4 * at, size, true);
    rows.setUint32(20 * n + 8 + 4 * at, crc32(bytes.subarray(offset, offset + size)), true);
  }
  return { bytes, offsets, rows };
}

export type Fault = "" | "whole" | "login" | "html" | "short" | "cut" | "flipped" | "elsewhere" | "mute" | number;

export class FilmServer {
  readonly film: Film;
  /** `[start, end)` of every range that was asked for. */
  readonly asked: [number, number][] = [];
  fault: Fault = "";
  /** The fault goes away after so many answers. */
  times = Infinity;
  /** Other addresses than those with `?key=` this one are refused, as those that have expired. */
  key: string | null = null;
  /** Requests that were. */
  refused = 0;
  #server: Server | null = null;
  #port = 0;

  constructor(film: Film) {
    this.film = film;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/proxy`;
  }

  async start(): Promise<this> {
    const server = (this.#server = createServer((request, response) => this.#answer(request, response)));
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === "/login") return void response.writeHead(200, { "content-type": "text/html" }).end("who are you?");
    if (this.key !== null && new URL(request.url ?? "", this.url).searchParams.get("key") !== this.key) {
      this.refused++;
      return void response.writeHead(403).end();
    }
    const [, start = 0, last = 0] = (/bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? []).map(Number);
    this.asked.push([start, last + 1]);
    const fault = this.times-- > 0 ? this.fault : "";
    const all = Buffer.from(this.film.bytes);
    const part = Buffer.from(all.subarray(start, last + 1));
    const range = (from: number) => ({ "content-range": `bytes ${from}-${last}/${all.length}` });
    if (fault === "mute") return;
    if (fault === "whole") return void response.writeHead(200).end(all);
    if (fault === "login") return void response.writeHead(302, { location: "/login" }).end();
    if (fault === "html") return void response.writeHead(206, { ...range(start), "content-type": "text/html" }).end(part);
    if (typeof fault === "number") return void response.writeHead(fault).end();
    if (fault === "elsewhere") return void response.writeHead(206, range(start + 1)).end(part);
    if (fault === "short") return void response.writeHead(206, range(start)).end(part.subarray(1));
    if (fault === "cut") {
      response.writeHead(206, { ...range(start), "content-length": part.length }).write(part.subarray(0, 1));
      return void setTimeout(() => response.destroy(), 5);
    }
    if (fault === "flipped") part[part.length - 1]! ^= 4;
    response.writeHead(206, { ...range(start), "content-length": part.length }).end(part);
  }
}
