// Calls the JSON API as the signed-in reader. `call` resolves to {ok, status, body, etag}.
export function call(method, path, { body, version, key } = {}) {
  const headers = { "X-Intellimatch-Request": "1", Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined && version !== null && version !== "") headers["If-Match"] = `"${version}"`;
  if (method !== "GET") headers["Idempotency-Key"] = key ?? crypto.randomUUID();
  return send(`/api/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** Read what belongs to a page and is no part of the API; resolves as `call` does. */
export async function callPage(path) {
  const answer = await send(path, { headers: { Accept: "application/json" } });
  return { ...answer, ok: answer.ok && answer.body !== null };
}

async function send(address, options) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    return { ok: false, status: 0, body: { code: "offline", detail: document.body.dataset.offline } };
  }
  // Pages lead whoever is signed out to the form by themselves.
  if (answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === "/sign-in")) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    return { ok: false, status: 401, body: null, etag: null };
  }
  const text = await answer.text();
  const json = text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : null;
  return { ok: answer.ok, status: answer.status, body: json, etag: answer.headers.get("etag") };
}
