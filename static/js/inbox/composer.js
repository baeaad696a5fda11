// Writing: drafts, the counter, sending in order, and getting the text back when it was not sent.
import { whenDrawn } from "./drawn.js";
import { openId } from "./list.js";
import { giveQuoteBack, takeQuote } from "./quoting.js";
import { post } from "./request.js";
import { toEnd } from "./scroll.js";
import { toast } from "./toasts.js";
import { giveFilesBack, sendFile, takeFiles } from "./tray.js";
import { uuid } from "./uuid.js";

const COUNT_FROM = 3500;
const WRITING_MS = 20_000; // the customer sees it for 25 s
const isTouch = matchMedia("(pointer: coarse)");
let last = Promise.resolve();
let toldAt = -WRITING_MS; // when the customer was last told that somebody writes
let failed = null; // what was not sent keeps its id, so that trying again cannot send it twice

const field = () => document.getElementById("reply");
const form = () => document.querySelector("form#composer");

function storage(act) {
  try {
    return act(sessionStorage);
  } catch {
    return null; // storage may be forbidden: then a draft lasts as long as the page
  }
}

function keepDraft() {
  const { key } = form().dataset;
  const text = field().value;
  storage((store) => (text ? store.setItem(key, text) : store.removeItem(key)));
}

function measure() {
  const area = field();
  const counter = document.getElementById("counter");
  const length = area.value.length < COUNT_FROM ? 0 : [...area.value].length;
  const max = Number(area.dataset.max);
  counter.hidden = length <= COUNT_FROM;
  counter.textContent = `${length.toLocaleString(document.documentElement.lang)} / ${max.toLocaleString(document.documentElement.lang)}`;
  counter.classList.toggle("over", length > max);
  const isClosed = area.closest(".foot").dataset.window === "closed";
  document.getElementById("send").disabled = isClosed || length > max;
  area.readOnly = isClosed;
  if (!CSS.supports("field-sizing", "content")) {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }
}

function begin() {
  const area = field();
  if (!area) return;
  if (!area.dataset.ready) {
    area.dataset.ready = "yes";
    area.value ||= storage((store) => store.getItem(form().dataset.key)) ?? "";
  }
  measure();
}

function ghost(text, clientId) {
  const bubble = document.createElement("li");
  bubble.id = `ghost-${clientId}`;
  bubble.className = "bubble out sending";
  const body = document.createElement("div");
  body.className = "body";
  body.dir = "auto";
  body.textContent = text;
  bubble.append(body);
  return bubble;
}

function giveBack(sent) {
  failed = sent;
  if (openId() !== sent.conversation) {
    storage((store) => store.setItem(sent.key, sent.text));
    return;
  }
  const area = field();
  giveQuoteBack(sent.quote);
  area.value = area.value ? `${sent.text}\n${area.value}` : sent.text;
  keepDraft();
  measure();
}

// Files first, in their order; what comes after one that was not sent waits as well.
async function deliver(sent) {
  for (const [index, taken] of sent.files.entries()) {
    const quote = index ? "" : sent.quote.id;
    const force = sent.force || index > 0;
    if (await sendFile(taken, { seen: sent.seen, force, quote })) continue;
    giveFilesBack(sent.files.slice(index));
    document.getElementById(`ghost-${sent.clientId}`)?.remove();
    if (sent.text.trim()) giveBack(sent);
    else giveQuoteBack(sent.quote);
    return;
  }
  if (sent.text.trim()) await deliverText(sent);
}

async function deliverText(sent) {
  const values = { text: sent.text, client_id: sent.clientId, seen: sent.seen };
  if (sent.force || sent.files.length) values.force = "on";
  if (sent.quote.id && !sent.files.length) values.reply_to = sent.quote.id;
  const status = await post(sent.url, values);
  document.getElementById(`ghost-${sent.clientId}`)?.remove();
  if (status >= 200 && status < 300) return;
  giveBack(sent);
  if (status === 409) document.dispatchEvent(new Event("inbox:behind"));
  if (!status) toast(sent.lost);
}

function send(event) {
  const composer = event.target;
  if (composer.id !== "composer") return;
  event.preventDefault();
  const area = field();
  const text = area.value;
  if (area.readOnly) return;
  const files = takeFiles();
  if (!text.trim() && !files.length) return;
  const quote = takeQuote();
  const isSame = failed?.text === text && failed.quote.id === quote.id;
  const clientId = isSame ? failed.clientId : uuid();
  const sent = {
    text,
    files,
    quote,
    clientId,
    url: composer.action,
    seen: composer.elements.seen.value,
    force: event.submitter?.name === "force",
    key: composer.dataset.key,
    lost: composer.dataset.lost,
    conversation: openId(),
  };
  failed = null;
  area.value = "";
  keepDraft();
  measure();
  document.querySelector(".sheet")?.remove();
  if (text.trim()) document.querySelector(".stream").append(ghost(text, clientId));
  toEnd();
  last = last.then(() => deliver(sent));
}

function tellWriting() {
  const { writing } = form().dataset;
  if (!field().value.trim() || performance.now() - toldAt < WRITING_MS) return;
  toldAt = performance.now();
  post(writing, {});
}

document.addEventListener("submit", send);
document.addEventListener("input", (event) => {
  if (event.target.id !== "reply") return;
  keepDraft();
  measure();
  tellWriting();
});
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "reply" || event.key !== "Enter" || event.isComposing) return;
  const isSending = event.ctrlKey || event.metaKey || (!event.shiftKey && !isTouch.matches);
  if (!isSending) return;
  event.preventDefault();
  if (!document.getElementById("send").disabled) form().requestSubmit();
});
document.addEventListener("inbox:window", () => field() && measure());
whenDrawn(begin);
