"""How Chinese characters are read: reference data for search by pinyin."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Reading(models.Model):
    """One character and every syllable it can be read as, without tones: 长 is chang and zhang.

    Filled from pypinyin by a migration; the database's own triggers read it (docs/adr/0024).
    """

    read_only = True

    letter = models.CharField("字", max_length=1, primary_key=True, db_collation="C")
    syllables = ArrayField(models.CharField(max_length=6), verbose_name="读音")

    class Meta:
        verbose_name = "读音"
        ordering = ["letter"]

    def __str__(self):
        return f"{self.letter} {' '.join(self.syllables)}"
