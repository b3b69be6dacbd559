// What htmx does with answers that are not the fragment it asked for.
import {toast} from "./dom.js";
import {sayExpired} from "./session.js";

// What nobody waits for: a poll, suggestions while somebody types.
export const isPoll = (ctx) => ctx.sourceElement?.matches?.("#bell, [data-quiet]");
const isWholePage = (text) => /^\s*<!doctype/i.test(text ?? "");

export function watchRequests() {
  document.addEventListener("htmx:before:request", (event) => {
    if (isPoll(event.detail.ctx) && document.hidden) event.preventDefault();
  });
  // A poll must never throw somebody out of a half-filled form.
  document.addEventListener("htmx:before:response", (event) => {
    const {ctx} = event.detail;
    const isLogin = ctx.hx?.redirect?.startsWith(document.body.dataset.loginUrl);
    if (!(isLogin && isPoll(ctx)) && ctx.response.status !== 401) return;
    event.preventDefault();
    sayExpired();
  });
  document.addEventListener("htmx:after:request", ({detail: {ctx}}) => {
    const {status, raw} = ctx.response;
    if (raw.redirected && isWholePage(ctx.text) && ctx.request.method !== "GET") {
      ctx.hx.redirect = raw.url; // the act is done; go where the server sent us, as without JavaScript
    } else if (status >= 400 && status !== 422 && isWholePage(ctx.text) && !isPoll(ctx)) {
      Object.assign(ctx, {target: document.getElementById("main"), select: "#main", swap: "outerHTML show:top", push: null, replace: null});
    }
    if (status >= 500 && !isPoll(ctx)) toast("系统暂时没有响应，您填写的内容还在，请稍后再试。", "danger");
  });
  document.addEventListener("htmx:error", ({detail: {ctx}}) => {
    if (ctx && !isPoll(ctx)) toast("网络不通，没有提交成功。您填写的内容还在，请检查网络后再试。", "danger");
  });
}
