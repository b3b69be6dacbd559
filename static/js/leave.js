// Logging out on a phone that holds visits: what was taken along and not used goes, drafts stay, and the person is told.
import {ask, resubmit} from "./dom.js";
import {leave} from "./field/store.js";

export const LAST_USER = "field-user"; // set by the field page, which must know without signal whose phone this is
const left = new WeakSet();

export function watchLogout() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-logout]") || left.has(form) || !localStorage.getItem(LAST_USER)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const waiting = await leave().catch(() => 0);
    if (waiting) {
      const note = "内容会留在手机里，您再次登录后自动发送。别人登录时看不到。";
      if (!(await ask({question: `手机里还有 ${waiting} 次检查没有送达系统`, note, yes: "退出登录", no: "先不退出"}))) return;
    }
    localStorage.removeItem(LAST_USER);
    left.add(form);
    resubmit(form, event.submitter);
  }, true);
}
