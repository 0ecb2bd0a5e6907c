/** Single pictures of frames for thumbnails, by either way of decoding. */

import type { FrameBytes } from "../bytes/frameBytes.ts";
import type { SourceFacts } from "../protocol.ts";
import type { FramePicture, PictureSupply } from "../thumbnails.ts";
import { PictureDecoder } from "./decoder.ts";
import { Stage } from "./stage.ts";
import { Status } from "./status.ts";
import { VideoPlayer } from "./video.ts";
import { VideoElement, type VideoSupply } from "./videoElement.ts";

/** By WebCodecs, from each frame's own bytes. */
export function decodedPictures(bytes: FrameBytes, config: VideoDecoderConfig): PictureSupply {
  const decoder = new PictureDecoder(config);
  return {
    async picture(frame, signal): Promise<FramePicture> {
      const picture = await decoder.decode(await bytes.get(frame, signal));
      const { displayWidth: width, displayHeight: height } = picture;
      return { source: picture, width, height, close: () => picture.close() };
    },
    dispose: () => decoder.dispose(),
  };
}

/** By a second hidden `<video>`. */
export function videoPictures(near: HTMLElement, source: SourceFacts, bytes: FrameBytes, supply: VideoSupply): PictureSupply {
  const canvas = document.createElement("canvas");
  const events = { painted: () => undefined, state: () => undefined, soundRefused: () => undefined };
  const stage = new Stage(canvas, source, bytes, new Status(events.state), events);
  const player = new VideoPlayer(stage, new VideoElement(supply, near));
  return {
    async picture(frame, signal): Promise<FramePicture> {
      const came = await player.seek(frame);
      signal.throwIfAborted();
      if (!came) throw new Error(`no picture of frame ${frame} came`);
      return { source: canvas, width: source.width, height: source.height, close: () => undefined };
    },
    dispose: () => player.dispose(),
  };
}
