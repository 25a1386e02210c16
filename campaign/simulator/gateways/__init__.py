"""The simulated gateways of House and Senate: the paths of the real ones, one port, every fault on request.

House: POST /v2/message, /v2/validate, GET /v2/offices (and /offices). Senate: POST /senate/message, /senate/test, GET
/api/active_offices. Besides, for tests and never in a production: /gateways/messages.json and /gateways/rules.json.
"""

from campaign.simulator.gateways.routes import register

__all__ = ["register"]
