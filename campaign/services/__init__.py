"""Use cases: functions that take a Session first, change rows and do not commit (`deliveries.send_due` alone does).

No Flask, no Celery. `now` is an argument.
"""
