/** Byte ranges over HTTP, from our own server or from another site. */

import { BytesFault, type ByteRange, type ByteSource, type MediaFile, type MediaUrl } from "./byteSource.ts";

const ANSWER_MS = 10_000;
/** There is a way below it. */
const ELSEWHERE_ANSWER_MS = 5_000;
const BODY_MS = 30_000;
const UNREACHABLE = new Set([502, 503, 504]);
/** What a page hears is the same for both. */
const KEPT_OUT = "it does not answer, or its CORS rules keep this page out (heaters doctor --cdn tells)";

export type Addresses = Readonly<Record<MediaFile, string | null>>;

export class HttpSource implements ByteSource {
  readonly name: string;
  readonly elsewhere: boolean;
  readonly #addresses: Addresses;

  /** To a site `elsewhere` no cookies are sent. */
  constructor(name: string, addresses: Addresses, elsewhere = false) {
    this.name = name;
    this.elsewhere = elsewhere;
    this.#addresses = addresses;
  }

  async url(file: MediaFile): Promise<MediaUrl | null> {
    const url = this.#addresses[file];
    return url === null ? null : { url, until: Infinity };
  }

  async read(file: MediaFile, range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const address = this.#addresses[file];
    if (address === null) throw new BytesFault("refused", `there is no ${file} here`);
    const late = new AbortController();
    const end = () => late.abort();
    let timer = setTimeout(end, this.elsewhere ? ELSEWHERE_ANSWER_MS : ANSWER_MS);
    const within = AbortSignal.any([signal, late.signal]);
    try {
      const answer = await request(address, range, this.elsewhere, within);
      clearTimeout(timer);
      timer = setTimeout(end, BODY_MS);
      return await exactly(answer, range, late.signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof BytesFault) throw error;
      throw new BytesFault("lost", this.elsewhere && !late.signal.aborted ? KEPT_OUT : "the server does not answer");
    } finally {
      clearTimeout(timer);
    }
  }
}

/** One range and nothing else of its own: so browsers ask other sites without asking first whether they may. */
async function request(address: string, range: ByteRange, elsewhere: boolean, signal: AbortSignal): Promise<Response> {
  const answer = await fetch(address, {
    headers: { Range: `bytes=${range.start}-${range.end - 1}` },
    credentials: elsewhere ? "omit" : "same-origin",
    // Chromium 156 lets requests for one address wait for each other where they may be cached; and a damaged answer would stay.
    cache: "no-store",
    redirect: "manual",
    signal,
  });
  const why = elsewhere ? objectionElsewhere(answer, range) : objection(answer, range);
  if (why) {
    // A body that nobody reads would keep its connection busy.
    void answer.body?.cancel().catch(() => undefined);
    throw why;
  }
  return answer;
}

function objection(answer: Response, range: ByteRange): BytesFault | null {
  if (UNREACHABLE.has(answer.status)) return new BytesFault("lost", `the server answers ${answer.status}`);
  if (isPage(answer)) {
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

/** Nobody logs in there. */
function objectionElsewhere(answer: Response, range: ByteRange): BytesFault | null {
  if (UNREACHABLE.has(answer.status)) return new BytesFault("lost", `it answers ${answer.status}`);
  if (isPage(answer)) return new BytesFault("refused", "it sends the page elsewhere, or a page instead of the video");
  if (answer.status === 200) return new BytesFault("refused", "it does not send parts of files (200, not 206)");
  if (answer.status !== 206) return new BytesFault("refused", `it answers ${answer.status}`);
  return wrongPart(answer, range);
}

function isPage(answer: Response): boolean {
  const moved = answer.type === "opaqueredirect" || (answer.status >= 300 && answer.status < 400);
  return moved || answer.redirected || (answer.headers.get("content-type") ?? "").startsWith("text/html");
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
