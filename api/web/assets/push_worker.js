// Shows push messages while no page is open, and opens what they are about.
self.addEventListener("push", (event) => {
  const told = event.data.json();
  event.waitUntil(self.registration.showNotification(told.title, {
    body: told.body, tag: told.id, data: { id: told.id, link: told.link },
  }));
});

self.addEventListener("notificationclick", (event) => {
  const { id, link } = event.notification.data;
  event.notification.close();
  event.waitUntil(Promise.allSettled([show(link), read(id)]));
});

async function show(link) {
  const [open] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!open) {
    await self.clients.openWindow(link);
    return;
  }
  // A page that isn't this worker's, or that may not take the focus, stays as it is.
  await open.focus().then((page) => page.navigate(link)).catch(() => self.clients.openWindow(link));
}

function read(id) {
  return fetch("/api/v1/notifications/read", {
    method: "POST", body: JSON.stringify({ ids: [id] }),
    headers: {
      "Content-Type": "application/json", "X-Intellimatch-Request": "1",
      "Idempotency-Key": crypto.randomUUID(),
    },
  });
}
