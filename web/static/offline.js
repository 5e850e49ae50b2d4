// Keeps the last pages read, so that they can be read again without a network.
// RELEASE, OFFLINE and SHELL stand before this text.

const SHELL_CACHE = `shell-${RELEASE}`;
const PAGES = "pages";
const MOST = 40;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL_CACHE).then((cache) => cache.addAll(SHELL)));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const request = event.request;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (request.destination === "style" || request.destination === "script") event.respondWith(part(request));
});

async function page(request) {
  const cache = await caches.open(PAGES);
  try {
    const answer = await fetch(request);
    const kept = answer.headers.get("Cache-Control") || "";
    if (answer.ok && !kept.includes("no-store")) {
      await cache.put(request, answer.clone());
      await trim(cache);
    }
    return answer;
  } catch {
    const kept = { ignoreVary: true };
    return (await cache.match(request, kept)) || caches.match(OFFLINE, kept);
  }
}

async function part(request) {
  return (await caches.match(request)) || fetch(request);
}

async function trim(cache) {
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST)).map((key) => cache.delete(key)));
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== SHELL_CACHE && name !== PAGES).map((name) => caches.delete(name)));
}
