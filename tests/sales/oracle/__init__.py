"""The hot paths in plain ORM: slow, readable, and what the fast ones are held against."""
