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

async function request(method, path, body, root = base) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF"] = meta("csrf");
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(`${root}/api/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
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
/** What may not be there in another version of the rig: null, then. */
export const optional = (answer) => answer.catch((problem) => {
  if ([404, 405].includes(problem.status)) return null;
  throw problem;
});
export const put = (path, value) => request("PUT", pathOf(path), value);
// Call a command with arguments by name.
export const call = (path, named = {}) => request("POST", pathOf(path), [[], named]);
// A page of what the catalogue has: `name` is query, batches, events, ...
export const ask = (name, named = {}) => call(`data_dir/${name}`, named);

/** What the rig says of its resources, by their paths. To ask for one that is not there throws a sentence for people. */
export async function describe() {
  const { resources } = await get(""), found = new Map(resources.map((one) => [one.path, one]));
  return {
    has: (path) => found.has(path),
    keys: () => found.keys(),
    get(path) {
      if (!found.has(path)) throw new Error(`It does not have ${path}.`);
      return found.get(path);
    },
  };
}

/** Asks nothing: it loses nothing that can't be recorded again, and it may be urgent. */
export async function makeSafe(name, button, answer) {
  button.disabled = true;
  answer.textContent = "Making it safe …";
  try {
    await request("POST", "control/make_safe", [[], {}], `/r/${encodeURIComponent(name)}`);
    answer.textContent = "Safe: nothing is recorded, the shutters are closed, jobs are halted.";
  } catch (problem) {
    answer.textContent = `Not safe: ${problem.message}. Try again, or go to the rig.`;
  }
  button.disabled = false;
}
