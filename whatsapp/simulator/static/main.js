// Asks the simulator twice a second what is new, and hands it to the three panes.

import { byId, show } from "./dom.js";
import { drawChat, startChat } from "./chat.js";
import { drawPanel, startPanel } from "./panel.js";
import { drawPeople, startPeople } from "./people.js";

const POLL_MS = 500;
const HIDDEN_POLL_MS = 5000;

const chosen = { phone_number_id: "", wa_id: "" };
let version = -1;
let timer = 0;
let asking = false;
let askAgain = false;

function readAddress() {
  const query = new URLSearchParams(location.search);
  chosen.phone_number_id = query.get("phone_number_id") ?? "";
  chosen.wa_id = query.get("wa_id") ?? "";
}

export function choose(change) {
  Object.assign(chosen, change);
  history.replaceState(null, "", `?${new URLSearchParams(chosen)}`);
  version = -1;
  poll();
}

export function go(pane) {
  byId("panes").dataset.pane = pane;
}

export async function poll() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  clearTimeout(timer);
  try {
    const asked = { ...chosen };
    const response = await fetch(`/simulator/state?${new URLSearchParams({ ...asked, version })}`);
    show(byId("lost"), !response.ok);
    const state = response.status === 200 ? await response.json() : null;
    // Somebody else may have been chosen while the answer was on its way.
    const isStale = Object.keys(asked).some((key) => asked[key] !== chosen[key]);
    if (state && !isStale) draw(state);
  } catch {
    show(byId("lost"), true);
  }
  asking = false;
  timer = setTimeout(poll, askAgain ? 0 : document.hidden ? HIDDEN_POLL_MS : POLL_MS);
  askAgain = false;
}

function draw(state) {
  const phone = state.phones.find((p) => p.phone_number_id === chosen.phone_number_id);
  const person = state.customers.find((c) => c.wa_id === chosen.wa_id);
  if ((!phone && state.phones.length) || (!person && state.customers.length)) {
    chosen.phone_number_id = (phone ?? state.phones[0])?.phone_number_id ?? "";
    chosen.wa_id = (person ?? state.customers[0])?.wa_id ?? "";
    askAgain = true;
    return;
  }
  version = state.version;
  drawPeople(state, chosen);
  drawChat(state, phone, person);
  drawPanel(state, person);
}

for (const button of document.querySelectorAll("[data-go]")) {
  button.addEventListener("click", () => go(button.dataset.go));
}
document.addEventListener("visibilitychange", () => document.hidden || poll());
readAddress();
startPeople({ choose, go, poll });
startChat({ chosen, choose, poll });
startPanel({ chosen, choose, poll });
poll();
