"""Celery's side: tasks of a few lines that call services. Rows are the queue; a task only says "look"."""
