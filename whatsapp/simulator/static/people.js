// The customers: whose phone it is, and new ones.

import { byId, drawAvatar, follow, post, setText, show, timeOf, words } from "./dom.js";

// How much of each chat has been looked at, so that an answer elsewhere gets a dot.
const seen = new Map();

export function startPeople({ choose, go, poll }) {
  byId("people").addEventListener("click", (event) => {
    const row = event.target.closest("li");
    if (!row) return;
    choose({ wa_id: row.dataset.key });
    go("chat");
  });
  const form = byId("add-form");
  const error = form.querySelector(".error");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { name, wa_id } = Object.fromEntries(new FormData(form));
    const digits = wa_id.replace(/\D/g, "");
    if (!name.trim() || digits.length < 7 || digits.length > 15) {
      setText(error, words.invalid);
      show(error, true);
      return;
    }
    try {
      const person = await post("/simulator/customers", { name, wa_id });
      show(error, false);
      form.reset();
      byId("add").open = false;
      choose({ wa_id: person.wa_id });
      go("chat");
    } catch (problem) {
      setText(error, problem.message);
      show(error, true);
    }
    poll();
  });
}

export function drawPeople(state, chosen) {
  follow(byId("people"), sorted(state.customers), {
    key: (person) => person.wa_id,
    template: () => "t-person",
    draw: (row, person) => drawPerson(row, person, chosen),
  });
}

function sorted(customers) {
  return [...customers].sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0));
}

function drawPerson(row, person, chosen) {
  const place = `${chosen.phone_number_id}:${person.wa_id}`;
  const isChosen = person.wa_id === chosen.wa_id;
  if (isChosen || !seen.has(place)) seen.set(place, person.count);
  row.firstElementChild.setAttribute("aria-current", isChosen);
  drawAvatar(row.querySelector(".avatar"), person.name, person.wa_id);
  setText(row.querySelector("b"), person.name);
  setText(row.querySelector("small"), preview(person));
  setText(row.querySelector("time"), person.last ? timeOf(person.last.at) : "");
  show(row.querySelector(".dot"), person.count > seen.get(place));
}

function preview({ last, wa_id }) {
  if (!last) return `+${wa_id}`;
  return last.direction === "inbound" ? words.you + last.text : last.text;
}
