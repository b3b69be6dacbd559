"""Why a file is refused, in words for the person who sent it."""

from files import limits

SENTENCES = {
    "missing": "没有收到文件，请重新选择后上传。",
    "empty": "这个文件是空的，请重新选择后上传。",
    "too_large": f"文件超过 {limits.MAX_UPLOAD_BYTES // limits.MIB} MB，请压缩或重新拍摄后上传。",
    "unknown_kind": "只能上传照片（JPG、PNG、WebP、HEIC）或 PDF 文件。",
    "office": "不能上传 Word、Excel、PPT 或压缩包，请另存为 PDF 后上传。",
    "damaged": "这张照片损坏或不完整，请重新拍摄后上传。",
    "damaged_pdf": "这个 PDF 文件损坏或不完整，请重新导出后上传。",
    "too_many_pixels": "照片像素过大（超过 5000 万像素），请用普通模式重新拍摄后上传。",
    "side_too_long": f"照片过长（一边超过 {limits.MAX_SOURCE_SIDE} 像素），请裁剪后上传。",
    "animated": "不能上传动图或连拍合集，请上传单张照片。",
    "too_heavy": "这个文件太复杂，无法处理，请换一张照片或重新导出后上传。",
    "pdf_encrypted": "这个 PDF 设置了密码或加密，请去除密码后上传。",
    "pdf_too_long": f"PDF 超过 {limits.MAX_PDF_PAGES} 页，请只上传需要的页面。",
    "pdf_active": "这个 PDF 含有脚本、表单程序或自动操作，请打印为 PDF 后上传。",
    "pdf_embeds": "这个 PDF 内嵌了其他文件或音视频，请打印为 PDF 后上传。",
    "wrong_sha256": "文件在传输中出错，请重试。",
    "reused_client_id": "这个上传编号已用于另一个文件，请刷新页面后重新选择文件。",
    "bad_client_id": "上传编号格式不正确，请刷新页面后重试。",
    "bad_sha256": "文件校验值格式不正确，请刷新页面后重试。",
    "bad_taken_at": "拍摄时间格式不正确，请刷新页面后重试。",
    "too_many_unattached": (
        f"您有 {limits.MAX_UNATTACHED_PER_USER} 个已上传但还没有使用的文件，请先提交或移除一些再上传。"
    ),
    "disk_low": "服务器存储空间不足，暂时不能上传文件，请联系系统管理员。",
    "busy": "同时处理的文件太多，请稍后重试。",
}
STATUSES = {
    "too_large": 413,
    "reused_client_id": 409,
    "too_many_unattached": 429,
    "disk_low": 507,
    "busy": 503,
}
# The file is not at fault: the same one may be taken in later.
PASSING = frozenset({"too_many_unattached", "disk_low", "busy"})


class Refused(ValueError):
    """An upload was not accepted. `code` is a key of SENTENCES, `message` says why, `status` is the HTTP status."""

    def __init__(self, code: str):
        super().__init__(SENTENCES[code])
        self.code = code
        self.message = SENTENCES[code]
        self.status = STATUSES.get(code, 400)

    @property
    def is_passing(self) -> bool:
        return self.code in PASSING
