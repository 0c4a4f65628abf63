"""The demo shop: two stores, their people, some five hundred products and months of trade.

Everything is invented, drawn by code and made from one seed. Its trade is written by the very
builders that the real services use, and `manage.py audit` proves that it is the same.
"""
