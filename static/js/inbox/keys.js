// Single letters never fire in a field, nor with a modifier held.
import { copy, openMenu, quote, stepBubble } from "./quoting.js";

const byId = (id) => document.getElementById(id);
const isField = (element) => element.matches?.("input, textarea, select, [contenteditable]");

function step(by) {
  const links = [...document.querySelectorAll("#rows > .row > a")];
  if (!links.length) return;
  const at = links.findIndex((link) => link.hasAttribute("aria-current"));
  const next = links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)];
  if (next === links[at]) return;
  const wasWriting = document.activeElement?.id === "reply";
  next.scrollIntoView({ block: "nearest" });
  if (!wasWriting) next.focus({ preventScroll: true });
  next.click();
}

function escape() {
  const field = document.activeElement;
  const menu = document.querySelector(".menu[open]");
  if (menu) menu.open = false;
  else if (isField(field)) field.blur();
  else document.querySelector(".back")?.click();
}

const letters = {
  j: () => step(1),
  k: () => step(-1),
  r: () => byId("reply")?.focus(),
  y: quote,
  c: copy,
  x: openMenu,
  "/": () => byId("search").focus(),
  "?": () => byId("help").showPopover(),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey) return;
  if (event.altKey) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
    return;
  }
  if (event.key === "Escape") {
    // The browser itself closes an open sheet or dialog with this key.
    if (!document.querySelector(":popover-open")) escape();
    return;
  }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && !isField(event.target) && stepBubble(by)) return event.preventDefault();
  const act = letters[event.key.toLowerCase()];
  if (!act || isField(event.target)) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
