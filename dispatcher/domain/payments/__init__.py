"""What professionals are paid: the majoration that they claim, and what the CPTS owes them."""
