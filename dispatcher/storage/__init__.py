"""SQLAlchemy models, the unit of work and the migrations; two engines, one behaviour.

Whoever imports any part of it has all models: a reference takes its type from the table that it
refers to, and statements that are made at import have to know it.
"""

import dispatcher.storage.models  # noqa: F401 - for what it brings
