// The phone's screen: what was written, how far it got, and the field to write in.

import { drawChips, drawContent } from "./bubble.js";
import { sendText, startCompose } from "./compose.js";
import {
  byId, dayOf, drawAvatar, exactTimeOf, follow, setText, show, timeOf, words,
} from "./dom.js";
import { know, startMenu } from "./menu.js";

const STATES = ["sent", "delivered", "read", "played"];
let typingTimer = 0;
let place = "";

export function startChat({ chosen, choose, poll }) {
  const form = byId("composer");
  const text = byId("text");
  byId("business").addEventListener("change", (event) => {
    choose({ phone_number_id: event.target.value });
  });
  text.addEventListener("input", () => grow(text));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  startCompose({ chosen, attempt, poll });
  startMenu({ chosen, attempt, poll });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const written = text.value;
    if (!written.trim()) return;
    text.value = "";
    grow(text);
    if (!(await attempt(() => sendText(written, chosen)))) text.value ||= written;
    poll();
  });
}

async function attempt(act) {
  const error = byId("composer-error");
  try {
    await act();
    show(error, false);
    return true;
  } catch (problem) {
    setText(error, problem.message);
    show(error, true);
    return false;
  }
}

export function drawChat(state, phone, person) {
  drawBusinesses(state.phones, phone);
  if (person) drawAvatar(byId("me-avatar"), person.name, person.wa_id);
  drawPresence(state);
  const { shown: messages, window_open: isOpen } = state.chat;
  know(messages);
  const wall = byId("wall");
  const now = `${phone?.phone_number_id}:${person?.wa_id}`;
  const wasAtEnd = wall.scrollHeight - wall.scrollTop - wall.clientHeight < 80;
  follow(byId("messages"), withDays(messages), {
    key: (item) => item.wamid ?? item.day,
    template: (item) => (item.wamid ? templateOf(item) : "t-day"),
    draw: (element, item) => (item.wamid ? drawMessage(element, item) : drawDay(element, item)),
  });
  show(byId("empty"), messages.length === 0);
  show(byId("closed"), !isOpen);
  if (wasAtEnd || now !== place) wall.scrollTop = wall.scrollHeight;
  place = now;
}

function drawBusinesses(phones, phone) {
  const select = byId("business");
  follow(select, phones, {
    key: (item) => item.phone_number_id,
    template: () => "t-business",
    draw: (option, item) => {
      option.value = item.phone_number_id;
      setText(option, item.verified_name);
    },
  });
  if (!phone) return;
  if (document.activeElement !== select) select.value = phone.phone_number_id;
  drawAvatar(byId("business-avatar"), phone.verified_name, phone.phone_number_id);
}

function drawPresence({ chat, now, phones }) {
  clearTimeout(typingTimer);
  const left = chat.typing_until - now;
  const element = byId("presence");
  const chosen = phones.find((p) => p.phone_number_id === byId("business").value);
  const calm = chosen ? chosen.display_phone_number : words.online;
  const calmDown = () => {
    setText(element, calm);
    element.classList.remove("typing");
  };
  if (left <= 0) return calmDown();
  setText(element, words.typing);
  element.classList.add("typing");
  typingTimer = setTimeout(calmDown, left * 1000);
}

function withDays(messages) {
  const items = [];
  let day = "";
  for (const message of messages) {
    if (dayOf(message.at) !== day) items.push({ day: (day = dayOf(message.at)) });
    items.push(message);
  }
  return items;
}

function drawDay(element, { day }) {
  setText(element.firstElementChild, day);
}

const templateOf = ({ shown }) => (shown.system ? "t-system" : "t-message");

function drawMessage(element, message) {
  if (message.shown.system) {
    setText(element.firstElementChild, message.shown.text);
    return;
  }
  const isMine = message.direction === "inbound";
  const fate = isMine ? fateOfMine(message) : fateOfTheirs(message);
  element.className = `message ${isMine ? "mine" : "theirs"} ${fate.name}`;
  drawContent(element.querySelector(".content"), message.shown);
  drawChips(element.querySelector(".chips"), message.shown);
  show(element.querySelector(".dots"), !message.shown.deleted);
  const edited = message.shown.edited && !message.shown.deleted ? `${words.edited} ` : "";
  setText(element.querySelector("time"), edited + timeOf(message.at));
  setText(element.querySelector(".note"), fate.note ?? "");
  const ticks = element.querySelector(".ticks");
  ticks.firstElementChild.setAttribute("href", `#i-${fate.icon}`);
  ticks.setAttribute("aria-label", fate.title);
  element.querySelector("footer").title = fate.title;
}

// The customer's own message: has it reached the business, was it read there?
function fateOfMine({ delivered, read }) {
  if (read) return { name: "read", icon: "ticks", title: words.read_by_business };
  if (delivered) return { name: "delivered", icon: "ticks", title: words.at_business };
  return { name: "sent", icon: "tick", title: words.on_its_way };
}

// The business's message, with the ticks that its operator sees.
function fateOfTheirs({ statuses }) {
  const failed = statuses.find((status) => status.status === "failed");
  const history = statuses.map((s) => `${words[s.status] ?? s.status} ${exactTimeOf(s.at)}`);
  const title = [words.business_sees, ...history].join(" · ");
  if (failed) return { name: "failed", icon: "alert", title, note: `${words.failed} ${failed.code}` };
  const reached = statuses.map((status) => STATES.indexOf(status.status));
  const name = STATES[Math.max(...reached)] ?? "accepted";
  const icon = { accepted: "clock", sent: "tick" }[name] ?? "ticks";
  return { name: name === "played" ? "read" : name, icon, title, note: words[name] };
}

function grow(text) {
  text.rows = Math.min(6, text.value.split("\n").length + Math.floor(text.value.length / 60));
}
