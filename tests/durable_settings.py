"""The settings of a server that refuses a database which may forget what it confirmed."""

from tests.server_settings import *

SALES_MAY_BE_LOST = False
