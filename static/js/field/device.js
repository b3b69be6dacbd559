// 系统检查: whether this phone can be used without signal, and what to do where it cannot.
import {element, icon} from "../dom.js";
import {shrink} from "../picture.js";

const MB = 1024 * 1024;
const ENOUGH = 300 * MB; // forty photos many times over

async function storage(store) {
  if (!store.isKept) return [false, "这个浏览器不能保存内容。请换用手机自带的浏览器，或关闭“无痕浏览”。"];
  const {quota = 0, usage = 0} = (await navigator.storage?.estimate?.()) ?? {};
  const left = quota - usage;
  if (quota && left < ENOUGH) return [false, `可用空间只剩约 ${Math.round(left / MB)} MB。请删掉手机里不用的东西。`];
  const isKept = await navigator.storage?.persisted?.();
  return [true, isKept ? "内容长期保存，浏览器不会自己清除。" : "内容保存在浏览器里。请不要清除浏览器的数据，检查完及时发送。"];
}

async function worker(url) {
  if (!window.isSecureContext) return [false, "没有 https，不能在没有信号时打开本页。检查时请保持本页打开。"];
  if (!("serviceWorker" in navigator)) return [false, "这个浏览器太旧，不能在没有信号时打开本页。请换用手机自带的浏览器。"];
  const found = await navigator.serviceWorker.getRegistration(url).catch(() => null);
  return found?.active ? [true, "没有信号也能打开本页。"] : [false, "还没有准备好。请登录后在有信号的地方再打开一次本页。"];
}

async function pictures() {
  const canvas = element("canvas", {width: 64, height: 48});
  canvas.getContext("2d").fillRect(0, 0, 64, 48);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const small = await shrink(new File([blob], "试.bmp", {type: "image/bmp"})).catch(() => null);
  return small?.type === "image/jpeg" || small?.type === "image/bmp" ? [true, "能读取和压缩照片。"] : [false, "不能压缩照片，照片会按原来的大小保存和发送。"];
}

/** One row for each thing that must work. */
export async function checkDevice(list, {icons, store, workerUrl}) {
  const checks = [
    ["安全连接（https）", async () => (window.isSecureContext ? [true, "网址安全。"] : [false, "网址不是 https。请联系管理员启用 https；在那以前只能在有信号时打开本页。"])],
    ["没有信号时打开", () => worker(workerUrl)],
    ["保存内容", () => storage(store)],
    ["拍照", pictures],
    ["同时打开几个窗口", async () => (navigator.locks ? [true, "可以，内容不会重复发送。"] : [true, "可以，但请尽量只开一个窗口。"])],
  ];
  for (const [name, check] of checks) {
    const [isGood, words] = await check().catch(() => [false, "没有查出来，请重新打开本页再试。"]);
    list.append(element("li", {class: "device"}, icon(icons, isGood ? "circle-check" : "alert-triangle"),
      element("div", {class: "row-main"}, element("b", {}, name), element("span", {class: "sub"}, words)),
      element("div", {class: "row-side"}, element("span", {class: `tag tag-${isGood ? "green" : "amber"}`}, isGood ? "正常" : "要注意"))));
  }
}
