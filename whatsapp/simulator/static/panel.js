// Behind the scenes: the customer's habit, the faults, and the traffic.

import { startHappenings } from "./happenings.js";
import { drawNumber, startNumber } from "./number.js";
import { byId, exactTimeOf, follow, post, select, setText, show, words } from "./dom.js";

const SHOWN = 40;
let turnedNow = [];

export function startPanel({ chosen, choose, poll }) {
  const form = byId("knobs");
  const error = byId("knobs-error");
  const turn = async (data) => {
    try {
      await post("/simulator/settings", data);
      show(error, false);
    } catch (problem) {
      setText(error, problem.message);
      show(error, true);
    }
    poll();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target }) => turn({ [target.name]: valueOf(target) }));
  byId("normal").addEventListener("click", () => turn(defaultsOf(turnedNow)));
  byId("retry").addEventListener("click", () => post("/simulator/retry", {}).then(poll));
  for (const name of ["reads", "hides_number"]) {
    byId(name).addEventListener("change", async ({ target }) => {
      await post("/simulator/customers", { wa_id: chosen.wa_id, [name]: target.checked });
      poll();
    });
  }
  byId("username").addEventListener("change", async ({ target }) => {
    await post("/simulator/customers", { wa_id: chosen.wa_id, username: target.value });
    poll();
  });
  startHappenings({ chosen, choose, poll });
  offerAllCodes();
  startNumber({ chosen, poll });
}

export function drawPanel(state, person) {
  byId("reads").checked = person?.reads ?? true;
  byId("hides_number").checked = person?.hides_number ?? false;
  const username = byId("username");
  if (username !== document.activeElement) username.value = person?.username ?? "";
  show(byId("stopped"), Boolean(person?.stopped));
  drawKnobs(state);
  drawNumber(state);
  drawLog(state);
}

// Below the few that are named, every code of the table.
async function offerAllCodes() {
  const { codes } = await (await fetch("/simulator/options")).json();
  for (const field of document.querySelectorAll("select[data-codes]")) {
    const listed = new Set([...field.options].map((option) => option.value));
    // Its name is the label's own words, without those of so many options.
    field.setAttribute("aria-label", field.closest("label").firstChild.textContent.trim());
    const group = document.createElement("optgroup");
    group.label = words.all_codes;
    for (const { code, title } of codes) {
      if (!listed.has(String(code))) group.append(new Option(`${code} ${title}`, code));
    }
    field.append(group);
  }
}

let defaults = {};

function defaultsOf(names) {
  return Object.fromEntries(names.map((name) => [name, defaults[name]]));
}

function drawKnobs({ settings, turned, defaults: known }) {
  turnedNow = turned;
  defaults = known;
  for (const field of byId("knobs").elements) {
    if (!(field.name in settings)) continue;
    field.closest("label").classList.toggle("turned", turned.includes(field.name));
    if (field === document.activeElement && field.type === "number") continue;
    if (field.type === "checkbox") field.checked = settings[field.name];
    else select(field, String(settings[field.name]));
  }
  const names = turned.map((name) => words[name] ?? name);
  const text = turned.length ? words.knobs_on + names.join(", ") : words.knobs_off;
  setText(byId("turned"), text);
  byId("turned").classList.toggle("warn", turned.length > 0);
  show(byId("normal"), turned.length > 0);
  show(document.querySelector(".knobs-button .dot"), turned.length > 0);
}

function valueOf(field) {
  if (field.type === "checkbox") return field.checked;
  return field.type === "number" || "number" in field.dataset ? Number(field.value) : field.value;
}

function drawLog({ requests, webhooks, totals }) {
  const rows = [...requests.map(requestRow), ...webhooks.map(webhookRow)];
  rows.sort((a, b) => b.at - a.at);
  show(byId("log-empty"), rows.length === 0);
  show(byId("retry"), totals.pending > 0);
  follow(byId("log"), rows.slice(0, SHOWN), {
    key: (row) => row.key,
    template: () => "t-log",
    draw: (element, row) => {
      setText(element.querySelector("time"), exactTimeOf(row.at));
      setText(element.querySelector("b"), row.what);
      setText(element.querySelector("small"), row.detail);
      setText(element.querySelector(".result"), row.result);
      element.className = row.tone;
      element.title = row.title;
    },
  });
}

function requestRow({ id, at, method, path, status, note }) {
  const tone = status === 200 ? "good" : "bad";
  const what = `← ${method} ${path.split("/").at(-1)}`;
  const title = `${method} ${path} ${note}`;
  return { key: `r${id}`, at, what, title, detail: note, result: status || "✕", tone };
}

function webhookRow({ id, at, summary, state, attempts, last_status: status, last_error: error }) {
  const tone = { delivered: "good", pending: attempts ? "bad" : "wait" }[state] ?? "bad";
  const tries = attempts > 1 ? ` · ${attempts} ${words.attempts}` : "";
  const detail = `${words[state] ?? state}${tries}${error ? ` · ${error}` : ""}`;
  const what = `→ ${words.webhook} ${id}: ${summary}`;
  return { key: `w${id}`, at, what, title: detail, detail, result: status || "…", tone };
}
