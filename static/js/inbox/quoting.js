// One message at a time: its menu, the chip above the field that quotes it, and their keys.
import { whenDrawn } from "./drawn.js";
import { toast } from "./toasts.js";

let wanted = false; // somebody asked to answer: the field gets the focus once the chip is there

const chip = () => document.querySelector(".quoting");
const bubbles = () => [...document.querySelectorAll(".stream > .bubble:has(> .bubble-menu)")];
const focused = () => document.activeElement?.closest(".stream > .bubble");

// The message in focus, under the pointer, or the last one.
function current() {
  return focused() ?? document.querySelector(".stream > .bubble:hover") ?? bubbles().at(-1);
}

// Takes the chip away and returns what it says: the id of the message, and the chip's parts.
export function takeQuote() {
  const box = chip();
  const id = box?.querySelector("[name=reply_to]")?.value ?? "";
  const parts = [...(box?.childNodes ?? [])];
  box?.replaceChildren();
  return { id, parts };
}

export function giveQuoteBack({ id, parts }) {
  if (id && !chip()?.querySelector("[name=reply_to]")) chip()?.replaceChildren(...parts);
}

export const quote = () => current()?.querySelector("[data-quote]")?.click();

export const copy = () => current()?.querySelector("[data-copy]")?.click();

export function openMenu() {
  const menu = current()?.querySelector(".bubble-menu");
  if (!menu) return;
  menu.open = true;
  const acts = [...menu.querySelectorAll(".bubble-actions :is(a, button)")];
  acts.find((act) => act.checkVisibility()).focus(); // a closed window hides the reactions
}

// Goes to the next message, when one has the focus. False when none has.
export function stepBubble(by) {
  const at = bubbles().indexOf(focused());
  if (at < 0) return false;
  bubbles()[Math.min(Math.max(at + by, 0), bubbles().length - 1)].focus();
  return true;
}

async function write(button) {
  const words = button.closest(".bubble").querySelector(".body, .place, .file");
  try {
    await navigator.clipboard.writeText(words?.innerText.trim() ?? "");
    toast(button.dataset.done);
  } catch {
    toast(button.dataset.lost); // a page without https has no clipboard
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-quote], [data-copy], [data-unquote]");
  if (!link) return;
  const menu = link.closest(".bubble-menu");
  if (menu) menu.open = false;
  if (link.matches("[data-quote]")) wanted = true;
  if (link.matches("[data-copy]")) write(link);
  if (link.matches("[data-unquote]")) {
    event.preventDefault();
    takeQuote();
    document.getElementById("reply")?.focus();
  }
});
whenDrawn(() => {
  if (!wanted || !chip()?.querySelector("[name=reply_to]")) return;
  wanted = false;
  document.getElementById("reply")?.focus();
});
