"""Documents that leave the house: their words, PDF, workbooks and CSV. No database, no web."""
