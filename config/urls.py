"""All URLs. Every one has a policy in tests/access; a new one without a policy fails there."""

from django.urls import path

urlpatterns: list = []
_ = path
