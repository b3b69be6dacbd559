"""移送: what is handed to another department with a letter and chosen evidence, and what it answers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from hazards.enums import TransferOutcome, TransferState
from institutions.enums import Capability, Department
from institutions.models import Authority

from .evidence import Evidence
from .hazard import Hazard


def _sent_to(actor) -> Q:
    """What was transferred to the actor's own authority: all that a liaison ever sees."""
    if actor is None or actor.authority is None or not actor.can(Capability.ANSWER_TRANSFER):
        return Q(pk__in=[])
    return Q(authority_id=actor.authority.pk)


class TransferQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """Transfers to the actor's own authority, and for offices those of hazards in their scope.

        An institution learns from its hazard that something was transferred, never what the letter says.
        """
        rows = _sent_to(actor)
        if actor is not None and actor.authority and actor.may_view_hazards:
            rows |= Q(hazard__in=Hazard.objects.visible_to(actor))
        return self.filter(rows)

    def unanswered(self):
        return self.filter(state=TransferState.SENT)


class Transfer(models.Model):
    """One 移送函. Hazard.awaits_department is true exactly while one is unanswered; its clock runs on all the same.

    `authority` is the department's authority in this system, if there is one; without, the letter goes on paper and
    an official records the answer. What has ended never changes (trigger).
    """

    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="transfers")
    department = models.CharField("移送部门", max_length=20, choices=Department)
    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="接收单位"
    )
    recipient = models.CharField("接收单位名称", max_length=80)
    from_authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, related_name="+", verbose_name="移送单位"
    )
    document_number = models.CharField("文号", max_length=60)
    letter = models.CharField("移送事项", max_length=1500)
    due_on = models.DateField("请于何日前回执")
    sent_at = models.DateTimeField("移送时间")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=TransferState, default=TransferState.SENT)
    outcome = models.CharField("办理结果", max_length=10, choices=TransferOutcome, blank=True)
    receipt_number = models.CharField("回执文号", max_length=60, blank=True)
    answer = models.CharField("回执内容", max_length=500, blank=True)
    end_reason = models.CharField("撤回或办结说明", max_length=300, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = "移送"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hazard", "department"], condition=Q(state="sent"), name="transfer_one_unanswered"
            ),
            models.UniqueConstraint(
                fields=["from_authority", "document_number"], name="transfer_number_once"
            ),
            models.CheckConstraint(name="transfer_state_known", condition=Q(state__in=TransferState.values)),
            models.CheckConstraint(
                name="transfer_to_another_department",
                condition=Q(department__in=Department.values) & ~Q(department="civil_affairs"),
            ),
            models.CheckConstraint(
                name="transfer_says_what",
                condition=~Q(letter="") & ~Q(recipient="") & ~Q(document_number=""),
            ),
            models.CheckConstraint(
                name="transfer_ended_pair",
                condition=Q(state="sent", ended_at=None, ended_by=None)
                | ~Q(state="sent") & Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
            models.CheckConstraint(
                name="transfer_answered_with_facts",
                condition=Q(state="answered", outcome__in=TransferOutcome.values)
                & ~Q(answer="")
                & ~Q(receipt_number="")
                | ~Q(state="answered") & Q(outcome="", answer="", receipt_number=""),
            ),
        ]
        indexes = [models.Index(fields=["authority", "state", "due_on"], name="transfer_of_authority")]

    def __str__(self):
        return self.document_number

    @property
    def is_unanswered(self) -> bool:
        return self.state == TransferState.SENT


class TransferEvidence(models.Model):
    """One photo chosen to go with the letter; nothing else of the hazard goes."""

    append_only = True

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="attachments")
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "移送证据"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "evidence"], name="transfer_evidence_once")
        ]

    def __str__(self):
        return f"{self.transfer} {self.evidence_id}"
