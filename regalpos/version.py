"""Which RegalPOS this is: on /health, in the API's schema and in every journal record."""

VERSION = "0.1.0"
SOFTWARE = f"RegalPOS {VERSION}"
