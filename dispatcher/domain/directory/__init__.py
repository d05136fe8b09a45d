"""The national directory of professionals: reading its open extract, and what it changes here."""
