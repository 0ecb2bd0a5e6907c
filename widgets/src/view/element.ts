/** Makes elements in one line. */

type Attributes = Record<string, string | number | boolean | null>;

/** An element with attributes (`null` and `false` leave one out) and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/**
 * A button for the mouse. It takes no focus: the player keeps it, so that keys go on working after a click, and every
 * button has a key that does the same.
 */
export function button(label: string, key: string, text: Node | string, press: () => void): HTMLButtonElement {
  const title = key ? `${label} (${key})` : label;
  const made = element("button", { type: "button", tabindex: -1, "aria-label": label, title }, text);
  made.addEventListener("mousedown", (event) => event.preventDefault());
  made.addEventListener("click", press);
  return made;
}
