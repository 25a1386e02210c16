"""The Flask extensions, made without an app; `campaign.app.create_app` binds them."""

from __future__ import annotations

from celery import Celery
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from campaign.models.base import Base

db = SQLAlchemy(model_class=Base, disable_autonaming=True)
migrate = Migrate()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address, headers_enabled=True)
celery = Celery("campaign", set_as_current=False, task_cls="campaign.queueing:AppTask")
