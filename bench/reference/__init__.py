"""What good engineers would write instead: FastAPI, async SQLAlchemy 2, asyncpg and uvicorn.

It sells and scans on a database that our migrations made, writes the rows that our checkout
writes, and answers as ours does: `tests/bench/test_reference.py` holds the two against each
other. It shares our pure modules (money, pricing, forms, the journal's bytes), because arithmetic
is not what is compared; framework, ORM, driver and server are its own, each used as its makers
advise. What no measure asks for (returns, quotes, weighed labels, live screens) it does not have.

    python -m bench.reference --url postgresql://... --port 9000 --workers 2 --cache 5
"""

from django.conf import settings

# The shop's pure modules put what is wrong into words, and ask Django in which language.
if not settings.configured:
    settings.configure(USE_I18N=False)
