"""What must be true of the shelves' books: invariants 1 and 3 of the domain, our side of them."""

from regalpos.books import Invariant

_MOVES = "SELECT count(*) FROM inventory_stockmove"
_LEVELS = "SELECT count(*) FROM inventory_stocklevel"

INVARIANTS: list[Invariant] = [
    Invariant(
        name="level_is_the_sum_of_its_moves",
        sentence="On hand is the sum of a level's moves.",
        examined=_LEVELS,
        broken="""
            SELECT level.id AS level, level.product_id AS product, level.store_id AS store,
                   level.on_hand, coalesce(sum(move.quantity), 0) AS moved
            FROM inventory_stocklevel AS level
            LEFT JOIN inventory_stockmove AS move ON move.level_id = level.id
            GROUP BY level.id
            HAVING level.on_hand <> coalesce(sum(move.quantity), 0)
        """,
    ),
    Invariant(
        name="lot_is_the_sum_of_its_moves",
        sentence="What is on hand of a lot is the sum of the lot's moves.",
        examined="SELECT count(*) FROM inventory_lotlevel",
        broken="""
            SELECT lot.id AS lot, lot.level_id AS level, lot.on_hand,
                   coalesce(sum(move.quantity), 0) AS moved
            FROM inventory_lotlevel AS lot
            LEFT JOIN inventory_stockmove AS move ON move.lot_id = lot.id
            GROUP BY lot.id
            HAVING lot.on_hand <> coalesce(sum(move.quantity), 0)
        """,
    ),
    Invariant(
        name="balance_follows_from_the_one_before",
        sentence="Balance after a move is the balance before it, plus its quantity.",
        examined=_MOVES,
        broken="""
            SELECT id AS move, level_id AS level, balance, before + quantity AS expected
            FROM (
                SELECT id, level_id, balance, quantity,
                       coalesce(lag(balance) OVER (PARTITION BY level_id ORDER BY id), 0) AS before
                FROM inventory_stockmove
            ) AS move
            WHERE balance <> before + quantity
        """,
    ),
    Invariant(
        name="move_comes_from_its_kind_of_document",
        sentence="Every move has one source, of a kind that can make such a move.",
        examined=_MOVES,
        broken="""
            SELECT id AS move, kind, source_type, source_id
            FROM inventory_stockmove
            WHERE (source_type, kind) NOT IN (
                ('receipt', 'receipt'), ('adjustment', 'adjustment'), ('count', 'count'),
                ('sale', 'sale'), ('sale', 'return'), ('sale', 'write_off'),
                ('write_off', 'write_off'),
                ('transfer', 'transfer_out'), ('transfer', 'transfer_in')
            )
        """,
    ),
    Invariant(
        name="receipt_and_adjustment_are_on_record",
        sentence="Goods received and stock adjusted are in the audit trail, under the same id.",
        examined="""
            SELECT count(*) FROM inventory_stockmove
            WHERE source_type IN ('receipt', 'adjustment')
        """,
        broken="""
            SELECT move.id AS move, move.source_type, move.source_id
            FROM inventory_stockmove AS move
            WHERE move.source_type IN ('receipt', 'adjustment') AND NOT EXISTS (
                SELECT FROM people_auditevent AS event
                WHERE event.subject_type = 'inventory.' || move.source_type
                  AND event.subject_id = move.source_id::text
            )
        """,
    ),
    Invariant(
        name="level_is_as_strict_as_its_product",
        sentence="A level may go below zero exactly if its product is not limited.",
        examined=_LEVELS,
        broken="""
            SELECT level.id AS level, level.product_id AS product, level.strict, product.limited
            FROM inventory_stocklevel AS level
            JOIN inventory_product AS product ON product.id = level.product_id
            WHERE level.strict <> product.limited
        """,
    ),
]
