// The open thread: where it starts to be read, how far it was read, the way back to its end.
import { whenDrawn } from "./drawn.js";
import { openId } from "./list.js";
import { post } from "./request.js";
import { isAtEnd, scroller, toEnd } from "./scroll.js";

const READ_AFTER_MS = 300;
const FLASH_MS = 1500;
let shown = "";
let newest = 0;
let unseen = 0;
let reading = 0;

const bubbles = () => [...document.querySelectorAll(".stream > [data-id]")];
const latest = (selector) =>
  Math.max(0, ...bubbles().filter((one) => one.matches(selector)).map((one) => Number(one.dataset.id)));

function begin() {
  shown = openId();
  newest = latest(".bubble");
  unseen = 0;
  reading = 0;
  const line = document.getElementById("unread-line");
  const box = scroller();
  if (line && box && line.getBoundingClientRect().top < box.getBoundingClientRect().top) {
    line.scrollIntoView({ block: "start" });
  }
  box?.addEventListener("scroll", follow, { passive: true });
}

function follow() {
  const jump = document.getElementById("jump");
  if (!jump) return;
  if (isAtEnd()) {
    unseen = 0;
    markRead();
  }
  jump.hidden = isAtEnd();
  jump.querySelector("[data-count]").textContent = unseen || "";
}

// Older messages bring the separator of the day that the loaded ones began with.
function joinDays() {
  const days = new Set();
  for (const day of document.querySelectorAll(".stream > .day")) {
    if (days.has(day.id)) day.remove();
    days.add(day.id);
  }
}

function draw() {
  joinDays();
  if (openId() !== shown) begin();
  if (!shown) return;
  const now = latest(".bubble");
  if (now > newest) {
    unseen += bubbles().filter((one) => one.matches(".in") && Number(one.dataset.id) > newest).length;
    newest = now;
  }
  const seen = document.querySelector("#composer [name=seen]");
  if (seen) seen.value = Math.max(now, Number(seen.value));
  follow();
}

function markRead() {
  const { read } = document.getElementById("conversation").dataset;
  const upTo = latest(".bubble.in");
  if (!read || upTo <= reading || document.hidden || !document.hasFocus()) return;
  reading = upTo;
  const of = shown;
  setTimeout(() => {
    if (of === openId()) post(read, { up_to: upTo });
  }, READ_AFTER_MS);
}

// A quote leads to its message; where that is not on the page, its link opens the part that has it.
function jumpTo(event) {
  const quote = event.target.closest("a[data-jump]");
  const bubble = quote && document.getElementById(quote.dataset.jump);
  if (!bubble || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  bubble.scrollIntoView({ block: "center" });
  bubble.classList.add("flash");
  setTimeout(() => bubble.classList.remove("flash"), FLASH_MS);
}

document.addEventListener("click", (event) => {
  jumpTo(event);
  if (event.target.closest("#jump, [data-review]")) toEnd();
  event.target.closest("[data-review]")?.closest(".sheet").remove();
});
document.addEventListener("visibilitychange", follow);
window.addEventListener("focus", follow);
whenDrawn(draw);
