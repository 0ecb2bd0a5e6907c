/** Which player runs, and why. */

import type { PlayerKind } from "./player.ts";

export interface Choice {
  kind: PlayerKind;
  /** A sentence for the user; on an insecure origin also how to get the better player. */
  why: string;
  /** What to tell where neither player can show anything. */
  hopeless: string | null;
}

/** WebCodecs where it is allowed (`webcodecs`), there, and able to decode this; else `<video>`. */
export async function choosePlayer(webcodecs: boolean, config: VideoDecoderConfig): Promise<Choice> {
  if (!webcodecs) return video("WebCodecs is switched off by the setting WEBCODECS_ENABLED.", config);
  // `VideoFrame` exists on insecure origins too; `VideoDecoder` tells.
  if (typeof VideoDecoder === "undefined") return video(whyMissing(), config);
  const { supported } = await VideoDecoder.isConfigSupported(config).catch(() => ({ supported: false }));
  if (!supported) return video(`This browser's WebCodecs can't decode ${config.codec}.`, config);
  return { kind: "webcodecs", why: "Each frame is decoded from its own bytes by WebCodecs.", hopeless: null };
}

function video(why: string, config: VideoDecoderConfig): Choice {
  const plays = document.createElement("video").canPlayType(`video/mp4; codecs="${config.codec}"`) !== "";
  const hopeless = "This browser has no H.264 decoder: use another one, or install its codecs.";
  return { kind: "video", why, hopeless: plays ? null : hopeless };
}

function whyMissing(): string {
  if (isSecureContext) return "This browser has no WebCodecs.";
  return `Browsers keep WebCodecs from ${location.protocol}//${location.host}: open this page over https, or as localhost (over SSH: ssh -L), for faster frames.`;
}
