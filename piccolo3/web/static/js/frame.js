// What every page has: the theme, the choice of the rig, logging out, and the button that makes the rig safe.
import { call, mayOperate } from "./api.js";

const csrf = () => document.querySelector('meta[name="csrf"]').content;

document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme === "dark" || (root.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* only for now, then */ }
});

document.getElementById("rig-choice").addEventListener("change", (event) => {
  const page = location.pathname.split("/")[3] || "now";
  location.assign(`/r/${encodeURIComponent(event.target.value)}/${page}`);
});

document.getElementById("logout")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  await fetch("/logout", { method: "POST", headers: { "X-CSRF": csrf() } });
  location.assign("/login");
});

const button = document.getElementById("make-safe"), answer = document.getElementById("safe-answer");
if (mayOperate) {
  button.addEventListener("click", async () => { // asks nothing: it loses nothing that can't be recorded again, and it may be urgent
    button.disabled = true;
    answer.textContent = "Making it safe …";
    try {
      await call("control/make_safe");
      answer.textContent = "Safe: nothing is recorded, the shutters are closed, jobs are halted.";
    } catch (problem) {
      answer.textContent = `Not safe: ${problem.message}. Try again, or go to the rig.`;
    }
    button.disabled = false;
  });
}

/** Show whether the rig can be reached; pages give this to `follow`. */
export function showConnection(connected, reason) {
  const line = document.getElementById("lost");
  line.hidden = connected;
  line.textContent = connected ? "" : `No connection. What is shown is old. ${reason ?? ""}`;
  document.body.dataset.connection = connected ? "yes" : "no";
}
