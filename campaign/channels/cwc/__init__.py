"""Letters to the House and the Senate by Communicating with Congress, version 2.0 of its XML.

Neither chamber publishes its documents; what is built here follows public clients and what they report. Hosts, keys,
windows and rates are configuration.
"""
