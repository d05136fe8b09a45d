"""The only place that knows Redis and RQ: it runs what the database promises."""
