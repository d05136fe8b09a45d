"""SQLAlchemy models, the unit of work and the migrations; two engines, one behaviour."""
