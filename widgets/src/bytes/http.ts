/** Byte ranges over HTTP, from our own server or a signed address. */

import { BytesFault, type ByteRange, type ByteSource, type MediaFile } from "./byteSource.ts";

const ANSWER_MS = 10_000;
const BODY_MS = 30_000;
const UNREACHABLE = new Set([502, 503, 504]);

export type Addresses = Readonly<Record<MediaFile, string | null>>;

export class HttpSource implements ByteSource {
  readonly name: string;
  readonly #addresses: Addresses;

  constructor(name: string, addresses: Addresses) {
    this.name = name;
    this.#addresses = addresses;
  }

  url(file: MediaFile): string | null {
    return this.#addresses[file];
  }

  async read(file: MediaFile, range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const address = this.#addresses[file];
    if (address === null) throw new BytesFault("refused", `there is no ${file} here`);
    const late = new AbortController();
    const end = () => late.abort();
    let timer = setTimeout(end, ANSWER_MS);
    const within = AbortSignal.any([signal, late.signal]);
    try {
      const answer = await request(address, range, within);
      clearTimeout(timer);
      timer = setTimeout(end, BODY_MS);
      return await exactly(answer, range, late.signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof BytesFault) throw error;
      throw new BytesFault("lost", "the server does not answer");
    } finally {
      clearTimeout(timer);
    }
  }
}

async function request(address: string, range: ByteRange, signal: AbortSignal): Promise<Response> {
  const answer = await fetch(address, {
    headers: { Range: `bytes=${range.start}-${range.end - 1}` },
    credentials: "same-origin",
    // Chromium 156 lets requests for one address wait for each other where they may be cached; and a damaged answer would stay.
    cache: "no-store",
    redirect: "manual",
    signal,
  });
  const why = objection(answer, range);
  if (why) {
    // A body that nobody reads would keep its connection busy.
    void answer.body?.cancel().catch(() => undefined);
    throw why;
  }
  return answer;
}

function objection(answer: Response, range: ByteRange): BytesFault | null {
  const type = answer.headers.get("content-type") ?? "";
  if (UNREACHABLE.has(answer.status)) return new BytesFault("lost", `the server answers ${answer.status}`);
  const moved = answer.type === "opaqueredirect" || (answer.status >= 300 && answer.status < 400);
  if (moved || answer.redirected || type.startsWith("text/html")) {
    return new BytesFault("refused", "the server sent a page instead of the video: log in again, then reload this page");
  }
  if (answer.status === 200) return new BytesFault("refused", "the server does not send parts of files (200, not 206)");
  if (answer.status === 401 || answer.status === 403) {
    return new BytesFault("refused", `the server does not let this page read the video (${answer.status}): log in again`);
  }
  if (answer.status === 404) return new BytesFault("refused", "the server does not know this video (404)");
  if (answer.status !== 206) return new BytesFault("refused", `the server answers ${answer.status}`);
  return wrongPart(answer, range);
}

/** Other sites' answers hide Content-Range unless their CORS rules expose it; then length and checksum must do. */
function wrongPart(answer: Response, range: ByteRange): BytesFault | null {
  const part = answer.headers.get("content-range");
  if (part === null) {
    return answer.type === "cors" ? null : new BytesFault("refused", "the server does not say which part it sent");
  }
  const sent = /^bytes (\d+)-(\d+)\/(?:\d+|\*)$/.exec(part);
  if (sent && Number(sent[1]) === range.start && Number(sent[2]) === range.end - 1) return null;
  return new BytesFault("broken", `the server sent ${part} for bytes ${range.start}-${range.end - 1}`);
}

/** A body that breaks off is `broken`, not `lost`: a server that always sends too little must not be asked for ever. */
async function exactly(answer: Response, range: ByteRange, late: AbortSignal): Promise<Uint8Array> {
  const body = await answer.arrayBuffer().catch((error: unknown) => {
    if (late.aborted) throw error;
    throw new BytesFault("broken", "the answer broke off");
  });
  if (body.byteLength === range.end - range.start) return new Uint8Array(body);
  throw new BytesFault("broken", `${body.byteLength} bytes came, ${range.end - range.start} were asked for`);
}
