// What Meta does to the chosen number, its account and its token.

import { byId, post, select, setText, show, words } from "./dom.js";

const DETAILS = {
  REINSTATE: { ban_info: { waba_ban_state: "REINSTATE" } },
  LIFT: { restriction_info: [] },
};
const SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"];
let shown = null;

export function startNumber({ chosen, poll }) {
  const form = byId("number");
  const error = byId("number-error");
  const act = async (endpoint, data) => {
    let answer = null;
    try {
      answer = await post(`/simulator/${endpoint}`, data);
      show(error, false);
    } catch (problem) {
      setText(error, problem.message);
      show(error, true);
    }
    poll();
    return answer;
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "name") act(...wish(form, target, chosen.phone_number_id));
    if ("act" in target.dataset) target.value = "";
  });
  const newcomer = async (wanted) => {
    const answer = await act("signups", wanted);
    setText(byId("sign-up-code"), answer ? papersOf(answer) : "");
    show(byId("sign-up-code"), answer !== null);
  };
  byId("sign-up").addEventListener("click", () => newcomer({}));
  byId("by-hand").addEventListener("click", () => newcomer({ by_hand: true }));
}

export function drawNumber({ number }) {
  const form = byId("number");
  const field = (name) => form.elements.namedItem(name);
  show(form, Boolean(number));
  if (!number) return;
  const { account, token } = number;
  for (const name of ["quality_rating", "status", "throughput"]) select(field(name), number[name]);
  select(field("messaging_limit"), account.messaging_limit);
  select(field("state"), token.state);
  field("subscribed").checked = account.subscribed;
  for (const scope of SCOPES) field(scope).checked = token.scopes.includes(scope);
  if (shown !== number.phone_number_id) field("name").value = number.verified_name;
  shown = number.phone_number_id;
  drawState(number);
}

// What the business needs to connect a new number.
function papersOf({ phone_number_id, waba_id, code, token }) {
  const secret = code ? `code ${code}\n${words.sign_up_code}` : `token ${token}`;
  return `phone_number_id ${phone_number_id}\nwaba_id ${waba_id}\n${secret}`;
}

function drawState({ status, quality_rating: quality, verification_code: code, account, token }) {
  const trouble = [
    status !== "CONNECTED" && (words[`s_${status}`] ?? status),
    quality !== "GREEN" && `${words.quality_rating}: ${words[`q_${quality}`] ?? quality}`,
    !account.subscribed && words.unsubscribed,
    account.ban_state === "DISABLE" && words.e_DISABLED,
    account.restrictions.length && words.e_RESTRICTED,
    token.state !== "valid" && `${words.token} ${words[`t_${token.state}`]}`,
    code && words.number_code + code,
  ].filter(Boolean);
  setText(byId("number-state"), trouble.join(" · ") || words.number_fine);
  byId("number-state").classList.toggle("warn", trouble.length > 0);
}

function wish(form, { name, value, checked }, phone_number_id) {
  const field = (key) => form.elements.namedItem(key);
  if (name === "subscribed") return ["accounts", { phone_number_id, subscribed: checked }];
  if (name === "event") {
    const [event, then] = value.split("/");
    return ["accounts", { phone_number_id, event, details: DETAILS[then] ?? {} }];
  }
  if (name === "state") return ["tokens", { phone_number_id, state: value }];
  if (SCOPES.includes(name)) {
    return ["tokens", { phone_number_id, scopes: SCOPES.filter((scope) => field(scope).checked) }];
  }
  const wanted = { phone_number_id, [name]: value };
  return ["numbers", name === "name_decision" ? { ...wanted, name: field("name").value } : wanted];
}
