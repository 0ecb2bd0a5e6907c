/** Which player runs, and why. */

import type { PlayerKind } from "./player.ts";

export interface Choice {
  kind: PlayerKind;
  /** A sentence for the user; on an insecure origin also how to get the better player. */
  why: string;
}

/** WebCodecs where it is allowed (`webcodecs`), there, and able to decode this; else `<video>`. */
export async function choosePlayer(webcodecs: boolean, config: VideoDecoderConfig): Promise<Choice> {
  if (!webcodecs) return { kind: "video", why: "WebCodecs is switched off by the setting WEBCODECS_ENABLED." };
  // `VideoFrame` exists on insecure origins too; `VideoDecoder` tells.
  if (typeof VideoDecoder === "undefined") return { kind: "video", why: whyMissing() };
  const { supported } = await VideoDecoder.isConfigSupported(config).catch(() => ({ supported: false }));
  if (supported) return { kind: "webcodecs", why: "Each frame is decoded from its own bytes by WebCodecs." };
  return { kind: "video", why: `This browser's WebCodecs can't decode ${config.codec}.` };
}

function whyMissing(): string {
  if (isSecureContext) return "This browser has no WebCodecs.";
  return `Browsers keep WebCodecs from ${location.protocol}//${location.host}: open this page over https, or as localhost (over SSH: ssh -L), for faster frames.`;
}
