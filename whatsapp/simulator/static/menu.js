// What a customer does to a message: react, reply, edit, delete, tap its buttons.

import { ask, needsObject } from "./ask.js";
import { aim, askPlace } from "./compose.js";
import { byId, make, post, setText, show, words } from "./dom.js";

let messages = [];

export function startMenu({ chosen, attempt, poll }) {
  byId("messages").addEventListener("click", async ({ target }) => {
    const row = target.closest("li.message");
    const message = row && messages.find(({ wamid }) => wamid === row.dataset.key);
    if (!message) return;
    const act = actOf(target, row, message, chosen);
    if (!act) return;
    await attempt(act);
    poll();
  });
  document.addEventListener("click", ({ target }) => {
    if (!target.closest(".menu, .dots")) close();
  });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && close());
}

export function know(shown) {
  messages = shown;
}

function actOf(target, row, message, chosen) {
  if (target.closest(".dots")) return () => toggle(row, message);
  const tapped = target.closest("[data-tap]");
  if (tapped) return () => tap(tapped.dataset, message, chosen);
  const choice = target.closest("[data-act]")?.dataset;
  if (!choice) return null;
  close();
  return () => ACTS[choice.act](message, chosen, choice);
}

const ACTS = {
  react: ({ wamid }, chosen, { emoji }) => sendPlain("reaction", { message_id: wamid, emoji }, chosen),
  unreact: ({ wamid }, chosen) => sendPlain("reaction", { message_id: wamid }, chosen),
  reply: ({ wamid, text }) => aim({ kind: "reply", wamid, text }),
  edit: ({ wamid, text }) => aim({ kind: "edit", wamid, text }),
  revoke: ({ wamid }, chosen) => sendPlain("revoke", { original_message_id: wamid }, chosen),
};

// Neither a reaction nor a deletion quotes, and the marks of the next message stay.
function sendPlain(type, content, { phone_number_id, wa_id }) {
  const message = { type, [type]: content };
  return post("/simulator/inbound", { phone_number_id, from: wa_id, message });
}

async function tap({ tap: at, card }, message, chosen) {
  const { cards = [], actions = [] } = message.shown;
  const action = (card === "" ? actions : cards[card].actions)[at];
  if (action.kind === "copy") return copy(action.code);
  const answer = await answerTo(action);
  if (!answer) return;
  await post("/simulator/taps", {
    phone_number_id: chosen.phone_number_id,
    from: chosen.wa_id,
    wamid: message.wamid,
    index: Number(at),
    ...(card !== "" && { card: Number(card) }),
    ...answer,
  });
}

// What the phone asks before it sends; null when the customer leaves.
async function answerTo({ kind, sections, text }) {
  if (kind === "list") {
    const options = sections.flatMap(({ rows }) => rows);
    return ask(text, [{ name: "row", label: words.choose_row, type: "choice", options }]);
  }
  if (kind === "location") {
    const answer = await askPlace();
    return answer && { answer };
  }
  if (kind === "flow") {
    const example = '{"nota": 5, "comentario": "Ótimo!"}';
    const field = { name: "answer", label: words.q_answer, type: "area", value: example };
    const values = await ask(text, [field], needsObject);
    return values && { answer: JSON.parse(values.answer) };
  }
  return {};
}

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code);
  } catch {
    // Without the right to the clipboard the code is shown all the same.
  }
  setText(byId("said"), words.copied + code);
  show(byId("said"), true);
  setTimeout(() => show(byId("said"), false), 4000);
}

function toggle(row, message) {
  const wasOpen = row.querySelector(".menu");
  close();
  if (wasOpen) return;
  const bubble = row.querySelector(".bubble");
  bubble.append(menuOf(message));
  row.querySelector(".dots").setAttribute("aria-expanded", "true");
  bubble.querySelector(".menu button").focus();
  bubble.querySelector(".menu").scrollIntoView({ block: "nearest" });
}

function close() {
  document.querySelector(".menu")?.remove();
  for (const dots of document.querySelectorAll(".dots")) dots.setAttribute("aria-expanded", "false");
}

function menuOf({ direction, type, shown }) {
  const emojis = ["👍", "❤️", "😂", "😮", "😢", "🙏"].map((emoji) =>
    choice("react", emoji, { emoji, label: `${words.react} ${emoji}` }),
  );
  const mine = direction === "inbound";
  const acts = [
    choice("reply", words.reply),
    shown.reactions?.length && choice("unreact", words.unreact),
    mine && type === "text" && choice("edit", words.edit),
    mine && choice("revoke", words.revoke),
  ].filter(Boolean);
  return make("div", { className: "menu" }, make("div", { className: "emojis" }, ...emojis), ...acts);
}

function choice(act, text, { emoji = "", label = "" } = {}) {
  const button = make("button", { type: "button" }, text);
  Object.assign(button.dataset, { act, emoji });
  if (label) button.setAttribute("aria-label", label);
  return button;
}
