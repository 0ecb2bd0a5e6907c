/** What a machine can see of the board on this screen: nothing is cut off, nothing overlaps, everything has a name. */

/** Pixels that rounding may take. */
const ROUNDING = 0.5;

export function misfits(): string[] {
  return [...page(), ...names(), ...header(), ...side()];
}

function all(selector: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(selector)].filter((one) => one.checkVisibility());
}

function page(): string[] {
  const wrong: string[] = [];
  const bottom = document.querySelector(".hb-board")?.getBoundingClientRect().bottom ?? 0;
  if (bottom > innerHeight + ROUNDING && document.querySelector(".hb-page")) wrong.push("the board is higher than the page");
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page scrolls sideways");
  return wrong;
}

function names(): string[] {
  const fields = all("button, input, select, textarea, [role=option], section, [role=group]");
  return fields.filter((one) => !one.getAttribute("aria-label") && !one.textContent?.trim()).map((one) => `no name: ${one.outerHTML.slice(0, 80)}`);
}

function header(): string[] {
  const parts = all(".hb-header > *").filter((one) => !one.matches(".hb-spoken"));
  return parts.flatMap((part, place) => {
    const [box, next] = [part.getBoundingClientRect(), parts[place + 1]?.getBoundingClientRect()];
    const overlaps = next && next.top < box.bottom && next.left < box.right - ROUNDING;
    const leaves = box.right > innerWidth + ROUNDING;
    return [...(overlaps ? [`${part.className} overlaps what follows it`] : []), ...(leaves ? [`${part.className} leaves the page`] : [])];
  });
}

function side(): string[] {
  return all(".hb-cuts, .hb-words, .hb-history, .hb-facts").flatMap((part) => {
    const [box, around] = [part.getBoundingClientRect(), part.parentElement?.getBoundingClientRect()];
    const cut = around && around.height > 0 ? box.bottom - around.bottom : 0;
    const small = box.height < 20 ? [`${part.className} has no room: ${box.height}`] : [];
    return cut > ROUNDING ? [...small, `${part.className} is cut off by ${cut}`] : small;
  });
}
