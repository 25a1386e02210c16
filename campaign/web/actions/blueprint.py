from __future__ import annotations

from flask import Blueprint

from campaign.web.actions import comments, words

bp = Blueprint("actions", __name__)
words.register(bp)
comments.register(bp)
