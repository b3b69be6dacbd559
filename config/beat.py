"""What beat wakes, and when, in Beijing time. Each task does only what is due in the database: a lost or doubled one is nothing."""

from celery.schedules import crontab

BEAT = {
    "notifications.sweep": {"task": "notifications.sweep", "schedule": 30.0, "options": {"expires": 25}},
    "clocks.sweep": {"task": "clocks.sweep", "schedule": 60.0, "options": {"expires": 50}},
    "hazards.anchor": {"task": "hazards.tasks.anchor", "schedule": crontab(hour=2, minute=10)},
    "hazards.forget_receipts": {
        "task": "hazards.tasks.forget_receipts",
        "schedule": crontab(hour=2, minute=40),
    },
    "hazards.draft_records": {"task": "hazards.tasks.draft_records", "schedule": crontab(hour=6, minute=20)},
    "inspections.make_due_plans": {
        "task": "inspections.tasks.make_due_plans",
        "schedule": crontab(hour=1, minute=30),
    },
    "config.watch_calendar": {
        "task": "config.tasks.watch_calendar",
        "schedule": crontab(hour=8, minute=0),
    },
    "reports.sweep": {"task": "reports.sweep", "schedule": 30.0, "options": {"expires": 25}},
    "reports.work_imports": {
        "task": "reports.work_imports",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "reports.expire_imports": {"task": "reports.expire_imports", "schedule": crontab(hour=3, minute=50)},
    "reports.delete_orphans": {"task": "reports.delete_orphans", "schedule": crontab(hour=3, minute=40)},
    "reports.fold_summary": {"task": "reports.fold_summary", "schedule": 60.0, "options": {"expires": 50}},
    "api.tell_of_endings": {"task": "api.tell_of_endings", "schedule": crontab(minute=15)},
    "files.tidy": {"task": "files.tasks.tidy", "schedule": crontab(hour=3, minute=10)},
}
