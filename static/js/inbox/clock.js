// The 24-hour window, counted on from what the server said, by the server's clock.
import { whenDrawn } from "./drawn.js";

const HOUR = 3_600_000;
const SOON = 4 * HOUR;
const SECONDS_BELOW = 10 * 60_000;
const rows = document.getElementById("rows");
const ahead = Number(rows.dataset.now) - Date.now();
let timer = 0;

function state(left) {
  if (left <= 0) return "closed";
  if (left < HOUR) return "urgent";
  return left < SOON ? "soon" : "open";
}

function words(pill, left) {
  const { hours, minutes, seconds, closed } = pill.dataset;
  if (left <= 0) return closed;
  const pad = (number) => String(Math.floor(number)).padStart(2, "0");
  const inHour = pad((left / 60_000) % 60);
  if (left >= HOUR) return hours.replace("{h}", Math.floor(left / HOUR)).replace("{m}", inHour);
  if (left >= SECONDS_BELOW) return minutes.replace("{m}", inHour);
  return seconds.replace("{m}", inHour).replace("{s}", pad((left / 1000) % 60));
}

function set(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

function tick() {
  clearTimeout(timer);
  const now = Date.now() + ahead;
  let next = 15_000;
  for (const element of document.querySelectorAll("[data-closes-at]")) {
    const left = Number(element.dataset.closesAt || 0) - now;
    set(element, "window", state(left));
    if (!element.matches(".pill")) continue;
    const text = element.querySelector("[data-words]");
    const wanted = words(element, left);
    if (text.textContent.trim() !== wanted) text.textContent = wanted;
    if (left > 0 && left < SECONDS_BELOW + 15_000) next = 1000;
    set(element.closest(".thread").querySelector(".foot"), "window", state(left));
  }
  document.dispatchEvent(new Event("inbox:window"));
  timer = setTimeout(tick, next);
}

whenDrawn(tick);
