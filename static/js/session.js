// What happens when the session ends while somebody is working: nothing typed is lost.
import {element, toast} from "./dom.js";

const HEADERS = "hx-headers:inherited";

/** The CSRF token of the page; `form` first, because a swapped form carries the newest. */
export function csrfToken(form) {
  const field = (form ?? document).querySelector("input[name=csrfmiddlewaretoken]");
  return field?.value ?? JSON.parse(document.body.getAttribute(HEADERS) ?? "{}")["X-CSRFToken"] ?? "";
}

/** Logging in again changes the token: take the new one from a fresh copy of this page. True when logged in. */
export async function refreshToken() {
  const response = await fetch(location.href, {headers: {Accept: "text/html"}, cache: "no-store"}).catch(() => null);
  if (!response?.ok) return false;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (page.body.dataset.user !== document.body.dataset.user) return false;
  const headers = page.body.getAttribute(HEADERS);
  if (!headers) return false;
  document.body.setAttribute(HEADERS, headers);
  const token = JSON.parse(headers)["X-CSRFToken"];
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
  return true;
}

/** Says that the login has expired, with a way back that keeps this page; renews the token on return. */
export function sayExpired() {
  document.body.dataset.expired = ""; // on the page, because both bundles carry this module
  const link = element("a", {href: document.body.dataset.loginUrl, target: "_blank", rel: "noopener"}, "在新窗口登录");
  toast("登录已过期。您填写的内容还在，请登录后回到本页继续。", "warning", link);
}

export function watchReturn() {
  window.addEventListener("focus", async () => {
    if (!("expired" in document.body.dataset) || !(await refreshToken())) return;
    delete document.body.dataset.expired;
    document.querySelectorAll("[data-toasts] .alert-warning").forEach((card) => card.remove());
    toast("已重新登录，可以继续。", "success");
    window.dispatchEvent(new Event("house:logged-in"));
  });
}
