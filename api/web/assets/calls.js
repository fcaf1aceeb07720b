// Calls the JSON API as the signed-in reader. `call` resolves to {ok, status, body, etag}.
export async function call(method, path, { body, version, key } = {}) {
  const headers = { "X-Intellimatch-Request": "1", Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined && version !== null && version !== "") headers["If-Match"] = `"${version}"`;
  if (method !== "GET") headers["Idempotency-Key"] = key ?? crypto.randomUUID();
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    const detail = document.body.dataset.offline ?? "No connection. Nothing was changed; try again.";
    return { ok: false, status: 0, body: { code: "offline", detail } };
  }
  if (answer.status === 401) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const text = await answer.text();
  const json = text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : null;
  return { ok: answer.ok, status: answer.status, body: json, etag: answer.headers.get("etag") };
}
