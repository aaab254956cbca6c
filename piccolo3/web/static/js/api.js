// Requests to the rig of this page. Failures are errors with a sentence for people.

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

export const rig = meta("rig");
export const mayOperate = meta("operate") === "yes";
export const base = `/r/${encodeURIComponent(rig)}`;

export class Refused extends Error {
  constructor(status, body) {
    super(body.message || "the request failed");
    this.status = status;
    this.kind = body.error || "";
    this.details = body;
  }
}

export const pathOf = (path) => path.split("/").map(encodeURIComponent).join("/");

async function request(method, path, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF"] = meta("csrf");
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(`${base}/api/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Refused(0, { message: "The web server does not answer: check the network of this device." });
  }
  let value = null;
  try { value = await answer.json(); } catch { /* no body */ }
  if (answer.status === 401) location.assign("/login");
  if (!answer.ok) throw new Refused(answer.status, value ?? {});
  return value;
}

export const get = (path) => request("GET", pathOf(path));
export const put = (path, value) => request("PUT", pathOf(path), value);
// Call a command with arguments by name.
export const call = (path, named = {}) => request("POST", pathOf(path), [[], named]);
// A page of what the catalogue has: `name` is query, batches, events, ...
export const ask = (name, named = {}) => call(`data_dir/${name}`, named);
