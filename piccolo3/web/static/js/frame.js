// What every page of a rig has: whether it can be reached, whether it is what the page was made for, and the button that
// makes it safe.
import { makeSafe, mayOperate, rig } from "./api.js";
import "./bar.js";

const button = document.getElementById("make-safe"), answer = document.getElementById("safe-answer");
if (mayOperate) button.addEventListener("click", () => makeSafe(rig, button, answer));

const missing = new Map();
document.addEventListener("not-there", ({ detail: { path, error } }) => {
  missing.set(path, error);
  otherVersion(`It does not have ${[...missing.keys()].join(", ")}.`);
});

function otherVersion(text) {
  const line = document.getElementById("other-version");
  line.hidden = false;
  line.textContent = `This rig is of another version than the front end, or set up differently: not all of this page works. ${text}`;
}

let known; // restarts of the rig, as they were when the page was opened

/** A rig that was restarted may have other spectrometers and channels. Nothing that is being entered is lost. */
function restarted() {
  const editing = document.activeElement?.matches("input[type=text], input[type=datetime-local], select");
  if (!editing) location.reload();
  else {
    document.getElementById("restarted").hidden = false;
    document.activeElement.addEventListener("blur", () => location.reload(), { once: true });
  }
}

/** Show whether the rig can be reached; pages give this to `follow`. */
export function showConnection(connected, reason, restarts) {
  if (connected && restarts !== undefined) {
    if (known !== undefined && restarts !== known) restarted();
    known = restarts;
  }
  const line = document.getElementById("lost");
  line.hidden = connected;
  line.textContent = connected ? "" : `No connection. What is shown is old. ${reason ?? ""}`;
  document.body.dataset.connection = connected ? "yes" : "no";
}

/** Begin a page with what the rig says of itself; again and again, until there is a rig that says it. */
export async function begun(begin) {
  try {
    await begin();
  } catch (problem) {
    const gone = problem.status !== undefined && ![404, 405].includes(problem.status);
    if (gone) showConnection(false, problem.message);
    else {
      otherVersion(problem.message);
      console.warn(problem);
    }
    setTimeout(() => begun(begin), gone ? 2000 : 20000);
  }
}
