"""Validators over HTTP: what members ask (client) and how a validator answers (server), in sealed requests.

The bytes are docs/spec/sealed-request.md, the routes `GET /openapi.json` of any running validator.
"""
