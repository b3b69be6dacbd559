// Keeps the field page in the browser so that it opens without signal. The server puts `const SHELL` before this:
// {version, page, files}. Nothing personal is ever kept here: the page is the same for everybody.
const CACHE = `field-${SHELL.version}`;
const PATIENCE = 3000; // ms the network has before the kept page is shown

const keptPage = async () => (await caches.open(CACHE)).match(SHELL.page);

self.addEventListener("install", (event) => {
  // All or nothing: until the new page is whole, the old one and its cache stay.
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([SHELL.page, ...SHELL.files].map((url) => new Request(url, {cache: "reload", credentials: "omit"})));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("field-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

/** The network's page if it comes in time and is one, else the kept one. */
async function fieldPage(request) {
  const fresh = fetch(request).then((response) => (response.ok ? response : Promise.reject(new Error(response.status))));
  fresh.catch(() => {});
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE); });
  const first = await Promise.race([fresh.catch(() => null), late]);
  return first ?? (await keptPage()) ?? fetch(request);
}

function noSignal() {
  const style = SHELL.files.filter((file) => file.endsWith(".css")).map((file) => `<link rel="stylesheet" href="${file}">`).join("");
  const text = `<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>没有信号</title>${style}</head>
<body><main class="page page-narrow"><h1>没有信号</h1><p>这一页要有信号才能打开。已经带到手机的机构，没有信号也能检查。</p><p><a class="btn btn-primary" href="${SHELL.page}">打开离线检查</a></p></main></body></html>`;
  return new Response(text, {status: 503, headers: {"Content-Type": "text/html; charset=utf-8"}});
}

self.addEventListener("fetch", (event) => {
  const {request} = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(url.pathname === SHELL.page ? fieldPage(request) : fetch(request).catch(noSignal));
  } else if (SHELL.files.includes(url.pathname)) {
    event.respondWith(caches.open(CACHE).then((cache) => cache.match(url.pathname)).then((kept) => kept ?? fetch(request)));
  }
});
