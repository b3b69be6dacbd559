"""The product's Celery with a beat that asks for a sweep every second: `celery -A tests.clocks.quick_beat beat`."""

from config.celery import app

__all__ = ["app"]

app.conf.beat_schedule = {
    "clocks.sweep": {"task": "clocks.sweep", "schedule": 1.0, "options": {"expires": 50}}
}
