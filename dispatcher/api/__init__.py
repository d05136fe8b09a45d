"""The JSON API under /api/v1, for other software: bearer tokens in, RFC 9457 problems out."""
