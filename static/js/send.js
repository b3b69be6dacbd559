// One call by XHR, because fetch cannot tell how far an upload is.

const STALLED_AFTER = 60000; // ms without a byte moving

/**
 * Resolves {status, json}; status 0 when the network failed. Never rejects.
 * `handle.request` is the running request, so that it can be aborted.
 */
export function send(url, body, token, onProgress, handle, {method = "POST", headers = {}} = {}) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    handle.request = request;
    let stall = null;
    const moved = () => {
      clearTimeout(stall);
      stall = setTimeout(() => request.abort(), STALLED_AFTER);
    };
    const end = (status, json = null) => {
      clearTimeout(stall);
      handle.request = null;
      resolve({status, json});
    };
    request.open(method, url);
    request.setRequestHeader("Accept", "application/json");
    if (token) request.setRequestHeader("X-CSRFToken", token);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      moved();
      if (event.lengthComputable) onProgress(Math.round((event.loaded / event.total) * 100));
    };
    request.onload = () => {
      try {
        end(request.status, JSON.parse(request.responseText));
      } catch {
        end(request.status < 400 ? 502 : request.status); // an answer that is no JSON is not ours
      }
    };
    request.onerror = request.onabort = () => end(0);
    moved();
    request.send(body);
  });
}
