// Recording a voice message: it goes into the tray like any other file, and is sent from there.
import { whenDrawn } from "./drawn.js";
import { openId } from "./list.js";
import { addVoice } from "./tray.js";
import { toast } from "./toasts.js";

const OGG = "audio/ogg;codecs=opus";
const WEBM = "audio/webm;codecs=opus";
const MOST_MS = 15 * 60_000;
let recorder = null;
let isAsking = false; // for the microphone, which the browser's question may take long over
let startedAt = 0;
let ticking = 0;

const button = () => document.getElementById("record");
const can = (type) => Boolean(window.MediaRecorder?.isTypeSupported(type) && navigator.mediaDevices);

// What this browser records and the server can use: OGG as it is, WebM where it is packed anew.
function type() {
  if (can(OGG)) return OGG;
  return button()?.dataset.webm && can(WEBM) ? WEBM : "";
}

function draw() {
  if (recorder && performance.now() - startedAt > MOST_MS) stop();
  const here = button();
  if (!here) return;
  here.hidden = !type();
  const isOn = recorder !== null;
  here.classList.toggle("recording", isOn);
  here.setAttribute("aria-pressed", String(isOn));
  here.setAttribute("aria-label", isOn ? here.dataset.stop : here.dataset.start);
  const seconds = isOn ? Math.floor((performance.now() - startedAt) / 1000) : 0;
  here.querySelector("[data-time]").textContent = isOn
    ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
    : "";
}

async function start() {
  const kind = type();
  const of = openId();
  isAsking = true;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    recorder = new MediaRecorder(stream, { mimeType: kind, audioBitsPerSecond: 24_000 });
  } catch {
    recorder = null;
    toast(button()?.dataset.denied ?? "");
    return;
  } finally {
    isAsking = false;
  }
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  recorder.addEventListener("stop", ({ target }) => {
    for (const track of target.stream.getTracks()) track.stop();
    recorder = null;
    clearInterval(ticking);
    draw();
    const base = kind.split(";")[0];
    const name = `${button()?.dataset.name ?? "voice"}.${base === "audio/ogg" ? "ogg" : "webm"}`;
    addVoice(new File(parts, name, { type: base }), of);
  });
  startedAt = performance.now();
  recorder.start();
  ticking = setInterval(draw, 250);
  draw();
}

const stop = () => recorder?.state === "recording" && recorder.stop();

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#record")) return;
  if (recorder) stop();
  else if (!isAsking) start();
});
whenDrawn(draw);
