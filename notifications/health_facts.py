"""What the system page says of the machine: each fact in words, with the tone of its tag."""

import shutil
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from notifications import health, waking
from notifications.duties import DUTIES, Duty
from notifications.rules import DELIVERY_LATE_AFTER, SWEEP_SILENT_AFTER

GIB = 1024**3
ROOM_RUNS_OUT_AT = 10  # times what uploads need at least: time to make room


@dataclass(frozen=True)
class Fact:
    """One line: what, how it stands in words, the word of its tag and the tag's tone (green, amber or red)."""

    name: str
    words: str
    verdict: str
    tone: str


def facts(seen: health.Vitals) -> list[Fact]:
    """Everything worth a look, most urgent duties first. Takes up to about a second when the broker is silent."""
    return [
        _sweep(seen.sweep_age),
        *(_duty(DUTIES[name], age) for name, age in seen.duties.items()),
        _backlog(seen.oldest_due_age),
        _deaths(seen.deaths),
        _broker(waking.broker_answers()),
        _schema(health.has_unapplied_migrations()),
        _room(),
        _mail(settings.EMAIL_ENABLED),
    ]


def _sweep(age: timedelta | None) -> Fact:
    if age is None:
        return Fact("后台定时任务", "还没有运行过，提醒和邮件不会发出", "没有运行", "red")
    words = f"上次运行在 {_ago(age)}"
    if age > SWEEP_SILENT_AFTER:
        return Fact("后台定时任务", f"{words}，请检查 Celery worker 和 beat", "已停止", "red")
    return Fact("后台定时任务", words, "正常", "green")


def _duty(duty: Duty, age: timedelta | None) -> Fact:
    if age is None:
        return Fact(duty.label, f"还没有运行过，{duty.consequence}", "没有运行", "red")
    words = f"上次运行在 {_ago(age)}"
    if age > SWEEP_SILENT_AFTER:
        return Fact(duty.label, f"{words}，{duty.consequence}，请检查 Celery worker 和 beat", "已停止", "red")
    return Fact(duty.label, words, "正常", "green")


def _backlog(age: timedelta | None) -> Fact:
    if age is None or age <= timedelta(0):
        return Fact("待发消息", "没有到期未发的", "正常", "green")
    words = f"最早一条应在 {_ago(age)}发出"
    if age > DELIVERY_LATE_AFTER:
        return Fact("待发消息", f"{words}，请检查发送渠道", "积压", "red")
    return Fact("待发消息", words, "等待发送", "amber" if age > SWEEP_SILENT_AFTER else "green")


def _deaths(count: int) -> Fact:
    if count:
        return Fact("放弃发送的消息", f"最近一天 {count} 条，请检查发送渠道", "有失败", "red")
    return Fact("放弃发送的消息", "最近一天没有", "正常", "green")


def _broker(answers: bool) -> Fact:
    if answers:
        return Fact("消息队列", "有应答", "正常", "green")
    return Fact("消息队列", "没有应答，邮件改由定时任务发送，最多晚 30 秒", "降级", "amber")


def _schema(is_behind: bool) -> Fact:
    if is_behind:
        return Fact("数据库结构", "不是最新，请运行 prepare_database", "待升级", "red")
    return Fact("数据库结构", "与程序一致", "正常", "green")


def _room() -> Fact:
    """Room on the disk that keeps the uploads; below the red line uploads are refused."""
    try:
        usage = shutil.disk_usage(settings.MEDIA_ROOT)
    except OSError:
        return Fact("上传空间", "找不到存放照片的文件夹，请检查 MEDIA_ROOT", "不可用", "red")
    words = f"剩余 {usage.free / GIB:.1f} GB，共 {usage.total / GIB:.1f} GB"
    least = settings.UPLOAD_MIN_FREE_BYTES
    if usage.free < least:
        return Fact("上传空间", f"{words}，已不能上传照片", "已满", "red")
    if usage.free < ROOM_RUNS_OUT_AT * least:
        return Fact("上传空间", words, "将满", "amber")
    return Fact("上传空间", words, "正常", "green")


def _mail(is_configured: bool) -> Fact:
    if is_configured:
        return Fact("邮件", "已配置邮件服务器", "正常", "green")
    return Fact("邮件", "没有配置 EMAIL_URL，只发站内消息", "未配置", "amber")


def _ago(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    if seconds < 60:
        return f"{max(seconds, 0)} 秒前"
    if seconds < 3600:
        return f"{seconds // 60} 分钟前"
    return f"{seconds // 3600} 小时前" if seconds < 86400 else f"{seconds // 86400} 天前"
