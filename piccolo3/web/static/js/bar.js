// What every page has: the theme, the choice of the rig, and logging out.

const csrf = () => document.querySelector('meta[name="csrf"]').content;

document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme === "dark" || (root.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* only for now, then */ }
});

document.getElementById("rig-choice")?.addEventListener("change", ({ target: { value } }) => {
  const page = location.pathname.split("/")[3] || "now";
  location.assign(value ? `/r/${encodeURIComponent(value)}/${page}` : "/rigs");
});

document.getElementById("logout")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  await fetch("/logout", { method: "POST", headers: { "X-CSRF": csrf() } });
  location.assign("/login");
});
