// What stands in a bubble: the parts of a message, for every kind of message.

import { make, show, words } from "./dom.js";

const TAGS = { image: "img", sticker: "img", audio: "audio", video: "video" };
const drawn = new WeakMap();

// Draw the parts anew only when they changed: a film that plays goes on.
export function drawContent(element, shown) {
  const state = JSON.stringify(shown);
  if (drawn.get(element) === state) return;
  drawn.set(element, state);
  if (shown.deleted) {
    element.replaceChildren(make("p", { className: "gone" }, words.deleted));
    return;
  }
  element.replaceChildren(...partsOf(shown));
}

export function drawChips(element, { reactions = [] }) {
  show(element, reactions.length > 0);
  const state = reactions.join(" ");
  if (element.dataset.state === state) return;
  element.dataset.state = state;
  element.replaceChildren(...reactions.map((emoji) => make("span", {}, emoji)));
}

function partsOf(shown) {
  return [
    shown.referral && ad(shown.referral),
    shown.forwarded && make("small", { className: "mark" }, `↪ ${words.forwarded}`),
    shown.quote && quote(shown.quote),
    shown.header && make("b", { className: "head" }, shown.header),
    shown.media && media(shown.media),
    shown.place && place(shown.place),
    ...(shown.people ?? []).map(person),
    shown.order && order(shown.order),
    shown.text && make("p", {}, shown.text),
    shown.preview && preview(shown.preview),
    shown.footer && make("small", { className: "foot" }, shown.footer),
    shown.actions && actions(shown.actions),
    shown.cards && cards(shown.cards),
  ].filter(Boolean);
}

function ad({ headline, body, source_url }) {
  const lines = [make("small", {}, words.ad), make("b", {}, headline), make("span", {}, body)];
  return make("blockquote", { className: "ad", title: source_url }, ...lines);
}

function quote({ text, mine }) {
  const who = mine ? [make("b", {}, words.quote_mine)] : [];
  return make("blockquote", {}, ...who, make("span", {}, text || words.quote_unknown));
}

function media({ kind, id, link, name, voice }) {
  if (!id) return outside(link, name || link);
  const address = `/simulator/file?${new URLSearchParams({ id })}`;
  const tag = TAGS[kind] ?? "a";
  const shown = make(tag, { className: kind });
  if (tag === "a") {
    shown.href = address;
    shown.textContent = `📄 ${name || words.open_file}`;
    shown.download = name;
  } else {
    shown.src = address;
    if (tag === "img") shown.alt = "";
    else shown.controls = true;
  }
  const mark = voice ? [make("small", {}, `🎤 ${words.s_voice}`)] : [];
  return make("div", { className: "media" }, ...mark, shown);
}

// Nothing of another site is loaded into the page: a link is only a link.
function outside(address, text) {
  const link = make("a", { target: "_blank", rel: "noopener noreferrer" }, text);
  if (/^https?:\/\//i.test(address)) link.href = address;
  return link;
}

function place({ latitude, longitude, name, address }) {
  const lines = [name, address, `${latitude}, ${longitude}`].filter(Boolean);
  const texts = lines.map((line, at) => make(at ? "small" : "b", {}, line));
  return make("div", { className: "card-in place" }, make("i", {}, "📍"), make("span", {}, ...texts));
}

function person({ name, phones }) {
  const numbers = phones.map((phone) => make("small", {}, phone));
  const lines = make("span", {}, make("b", {}, name || "?"), ...numbers);
  return make("div", { className: "card-in" }, make("i", {}, "👤"), lines);
}

function order(items) {
  const lines = items.map(({ product_retailer_id, quantity, item_price, currency }) =>
    make("span", {}, `${quantity} × ${product_retailer_id} · ${currency ?? ""} ${item_price ?? ""}`),
  );
  return make("div", { className: "card-in" }, make("i", {}, "🛒"), make("span", {}, ...lines));
}

function preview({ url, host }) {
  const link = outside(url, "");
  link.className = "card-in";
  link.append(make("i", {}, "🔗"), make("span", {}, make("b", {}, host), make("small", {}, url)));
  return link;
}

function actions(list, card = "") {
  return make("div", { className: "actions" }, ...list.map((action, at) => button(action, at, card)));
}

function button(action, at, card) {
  const text = action.text || words[`a_${action.kind}`] || action.kind;
  if (action.kind === "url") return outside(action.url, `↗ ${text}`);
  if (action.kind === "phone") return make("a", { href: `tel:${action.phone}` }, `☎ ${text}`);
  const made = make("button", { type: "button", disabled: action.kind === "none" }, text);
  Object.assign(made.dataset, { tap: at, card });
  return made;
}

function cards(list) {
  const made = list.map((shown, at) => {
    const { actions: buttons, ...rest } = shown;
    const parts = partsOf(rest);
    return make("li", {}, ...parts, ...(buttons ? [actions(buttons, at)] : []));
  });
  return make("ul", { className: "cards", tabIndex: 0 }, ...made);
}
