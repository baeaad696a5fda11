// The page works without any of this: links lead on, forms post. This makes it live.
import "./swaps.js";
import "./list.js";
import "./thread.js";
import "./composer.js";
import "./tray.js";
import "./voice.js";
import "./quoting.js";
import "./clock.js";
import "./keys.js";
import "./toasts.js";
import "./live.js";
