// The socket only says that there is something; what it is comes by one request, the same for
// hints, reconnecting, waking up and polling.
import { openId } from "./list.js";
import { draw, get } from "./request.js";

const BUSY_MS = 1000; // on the average at most one fetch in this time
const BURST = 3; // a few may follow each other at once: a message, its ticks
const LIVE_MS = 45_000; // a lost last hint is noticed by nobody else
const POLL_MS = 10_000;
const PING_MS = 25_000;
const DEAF_MS = 60_000;
const RETRY_MAX_MS = 20_000;

const rows = document.getElementById("rows");
const light = document.getElementById("light");
let seq = Number(rows.dataset.seq);
let wanted = seq;
let isFetching = false;
let isAgain = false;
let isReachable = true;
let isHinted = false; // hints flow
let paidUntil = 0; // every fetch moves it by BUSY_MS; it may run ahead by BURST of them
let due = 0;
let timer = 0;
let slow = 0;
let socket = null;
let heardAt = 0;
let tries = 0;

function show() {
  let state = isHinted ? "live" : "polling";
  if (isReachable && slow) state = "catching-up";
  if (!isReachable) state = "offline";
  if (light.dataset.state !== state) light.dataset.state = state;
}

// An earlier appointment is kept, a later one moved forward.
function fetchIn(delay) {
  const at = Math.max(performance.now() + delay, paidUntil - (BURST - 1) * BUSY_MS);
  if (timer && due <= at) return;
  clearTimeout(timer);
  due = at;
  timer = setTimeout(fetchChanges, at - performance.now());
}

function address() {
  const query = new URLSearchParams({ after: seq });
  const search = document.getElementById("search").value.trim();
  if (openId()) query.set("open", openId());
  if (search) query.set("q", search);
  if (document.getElementById("unread-only")) query.set("unread", "1");
  return `${rows.dataset.changes}?${query}`;
}

async function fetchChanges() {
  clearTimeout(timer);
  timer = 0;
  if (isFetching) {
    isAgain = true;
    return;
  }
  isFetching = true;
  isAgain = false;
  paidUntil = Math.max(paidUntil, performance.now()) + BUSY_MS;
  const behind = setTimeout(() => {
    slow = 1;
    show();
  }, 600);
  try {
    const response = await get(address());
    const isBack = !isReachable && response.status < 500;
    isReachable = response.status < 500;
    if (isBack && !socket) setTimeout(() => socket ?? connect(), Math.random() * BUSY_MS);
    await take(response);
  } catch {
    isReachable = false;
  }
  clearTimeout(behind);
  slow = wanted > seq ? slow : 0;
  isFetching = false;
  show();
  if (isReachable && (isAgain || wanted > seq)) fetchIn(0);
  else fetchIn(isHinted && isReachable ? LIVE_MS : POLL_MS);
}

async function take(response) {
  // What cannot be answered now is asked again; its notice would come every time.
  if (!response.ok && !response.headers.has("HX-Redirect")) return;
  if (!(await draw(response))) return;
  seq = Number(response.headers.get("X-Last-Seq") ?? seq);
  wanted = Math.max(wanted, seq);
}

function hear(frame) {
  heardAt = performance.now();
  if (frame.pong) return;
  tries = 0;
  isHinted = frame.live;
  const spread = Math.random() * (frame.spread ?? 0);
  if (frame.seq === null) fetchIn(spread);
  else if (frame.seq > seq) {
    wanted = Math.max(wanted, frame.seq);
    if (isFetching) isAgain = true;
    else fetchIn(spread);
  }
  show();
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = new WebSocket(`${scheme}://${location.host}/ws/inbox/`);
  socket = mine;
  heardAt = performance.now();
  mine.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  mine.addEventListener("close", () => {
    if (socket !== mine) return;
    socket = null;
    isHinted = false;
    tries += 1;
    show();
    fetchIn(BUSY_MS);
    const wait = Math.min(1000 * 2 ** Math.min(tries, 6), RETRY_MAX_MS);
    setTimeout(() => socket ?? connect(), wait * (0.5 + Math.random()));
  });
}

function wake() {
  if (document.hidden) return;
  fetchIn(0);
  if (!socket) connect();
}

setInterval(() => {
  if (!socket || socket.readyState !== WebSocket.OPEN) return;
  if (performance.now() - heardAt > DEAF_MS) socket.close();
  else socket.send(".");
}, PING_MS);
document.addEventListener("visibilitychange", wake);
document.addEventListener("inbox:behind", () => fetchIn(0));
window.addEventListener("online", wake);
window.addEventListener("pageshow", (event) => event.persisted && wake());
window.addEventListener("offline", () => {
  isReachable = false;
  show();
});

connect();
fetchIn(POLL_MS);
