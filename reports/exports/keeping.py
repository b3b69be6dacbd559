"""What becomes of files once made: opened by the one who asked, as long as they may; deleted after a week."""

from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from institutions.actor import Actor
from institutions.models import Membership, User
from notifications import outbox
from reports.exports.asking import record
from reports.exports.making import FOLDER
from reports.exports.rules import KEPT, ORPHANED_AFTER
from reports.layouts import layout_of
from reports.models import ExportAct, ExportJob


def may_open(job: ExportJob, user: User) -> bool:
    """Whether `user`, who asked for it, still holds the post it was made for, with the scope it had then."""
    post = Membership.objects.active().with_places().filter(pk=job.asked_as_id, user=user).first()
    if post is None or not Actor(user, post).may_view_hazards:
        return False
    scope = Actor(user, post).scope
    return (scope.column, scope.value) == (job.scope_column, job.scope_value)


def open_file(job: ExportJob, *, user: User) -> str:
    """The stored name of a file that is there, after writing down who takes it out. Raises PermissionDenied."""
    if not may_open(job, user):
        raise PermissionDenied("您的岗位或辖区在导出之后有变动，不能再下载这个文件，请重新导出。")
    record(job, ExportAct.OPENED, by=user, rows=job.rows_done)
    return job.name


def download_name(job: ExportJob) -> str:
    """What the file is called on the person's computer."""
    made = timezone.localtime(job.made_at)
    return f"{layout_of(job).label}_{made:%Y%m%d_%H%M}.{job.format}"


def expire() -> int:
    """Delete files older than KEPT, the row first; how many. Safe to repeat, in any number of copies."""
    count = 0
    for job in ExportJob.objects.filter(expired_at=None, made_at__lt=Now() - KEPT)[:100]:
        with transaction.atomic():
            if ExportJob.objects.filter(pk=job.pk, expired_at=None).update(expired_at=Now()):
                record(job, ExportAct.EXPIRED)
                outbox.settle(f"export:{job.pk}")
                count += 1
        default_storage.delete(job.name)
    return count


def delete_orphans() -> int:
    """Delete stored files no export holds, after a day: their maker died before it could say so. How many."""
    try:
        stored = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
    except FileNotFoundError:
        return 0
    held = set(ExportJob.objects.filter(name__in=stored, expired_at=None).values_list("name", flat=True))
    old = timezone.now() - ORPHANED_AFTER
    orphans = [n for n in stored if n not in held and default_storage.get_modified_time(n) < old]
    for name in orphans:
        default_storage.delete(name)
    return len(orphans)
