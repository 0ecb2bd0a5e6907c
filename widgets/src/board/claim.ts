/** Holds a name for as long as this page lives, so that no two tabs go by the same. */

/** What ends the hold; null where another page has the name. */
export type Claim = (name: string) => Promise<(() => void) | null>;

/** A page that is left lets go a moment after the next one has begun. */
const ATTEMPTS = 5;
const PAUSE_MS = 100;
const OBJECTION_MS = 150;

/** By a lock where the browser has them, which is on secure origins; else by asking all other pages of this origin. */
export const claimName: Claim = async (name) => {
  const claim = "locks" in navigator ? lock : announce;
  for (let attempt = 1; ; attempt++) {
    const release = await claim(`heaters-board-${name}`);
    if (release || attempt === ATTEMPTS) return release;
    await sleep(PAUSE_MS);
  }
};

function lock(name: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (got) =>
        got ? new Promise<void>((release) => resolve(() => release())) : resolve(null),
      )
      // Where the browser allows a page no locks, nobody can have duplicated its storage either.
      .catch(() => resolve(() => undefined));
  });
}

async function announce(name: string): Promise<(() => void) | null> {
  const channel = new BroadcastChannel(name);
  let objected = false;
  channel.onmessage = ({ data }) => (objected ||= data === "mine");
  channel.postMessage("whose?");
  await sleep(OBJECTION_MS);
  if (objected) {
    channel.close();
    return null;
  }
  channel.onmessage = ({ data }) => data === "whose?" && channel.postMessage("mine");
  return () => channel.close();
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
