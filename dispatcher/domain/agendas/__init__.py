"""A practitioner's own agenda, read from an iCalendar file (RFC 5545): when they are not free."""
