"""What must be true of the sales books: invariants 2 to 8 of the domain."""

from regalpos.books import Invariant

_SALES = "SELECT count(*) FROM sales_sale"
_LINES = "SELECT count(*) FROM sales_saleline"
_SHIFTS = "SELECT count(*) FROM sales_shift"

INVARIANTS: list[Invariant] = [
    Invariant(
        name="sale_is_the_sum_of_its_lines",
        sentence="A sale's net, tax, discount and total are the sums of its lines'.",
        examined=_SALES,
        broken="""
            SELECT sale.id AS sale, sale.total, sum(line.total) AS lines
            FROM sales_sale AS sale
            LEFT JOIN sales_saleline AS line ON line.sale_id = sale.id
            GROUP BY sale.id
            HAVING (sale.net, sale.tax, sale.discount, sale.total) IS DISTINCT FROM
                   (sum(line.net), sum(line.tax), sum(line.discount), sum(line.total))
        """,
    ),
    Invariant(
        name="sale_is_paid_exactly",
        sentence="What is payable is the sum of the payments, change taken off.",
        examined=_SALES,
        broken="""
            SELECT sale.id AS sale, sale.payable, coalesce(sum(payment.amount), 0) AS paid
            FROM sales_sale AS sale
            LEFT JOIN sales_payment AS payment ON payment.sale_id = sale.id
            GROUP BY sale.id
            HAVING sale.payable <> coalesce(sum(payment.amount), 0)
        """,
    ),
    Invariant(
        name="only_cash_is_rounded",
        sentence="A total is rounded only where a tender that rounds was used.",
        examined=_SALES,
        broken="""
            SELECT sale.id AS sale, sale.rounding
            FROM sales_sale AS sale
            WHERE sale.rounding <> 0 AND NOT EXISTS (
                SELECT FROM sales_payment AS payment
                JOIN sales_tender AS tender ON tender.id = payment.tender_id
                WHERE payment.sale_id = sale.id AND tender.rounds
            )
        """,
    ),
    Invariant(
        name="line_moved_its_goods",
        sentence="The sale and return moves of a goods line add up to minus its quantity.",
        examined="SELECT count(*) FROM sales_saleline WHERE kind = 'goods'",
        broken="""
            SELECT line.id AS line, line.quantity, coalesce(sum(move.quantity), 0) AS moved
            FROM sales_saleline AS line
            LEFT JOIN inventory_stockmove AS move
              ON move.source_id = line.sale_id AND move.source_type = 'sale'
             AND move.source_line = line.number AND move.kind IN ('sale', 'return')
            WHERE line.kind = 'goods'
            GROUP BY line.id
            HAVING coalesce(sum(move.quantity), 0) <> -line.quantity
        """,
    ),
    Invariant(
        name="sale_moves_name_a_sale",
        sentence="Every move made by a sale names a line of it.",
        examined="SELECT count(*) FROM inventory_stockmove WHERE source_type = 'sale'",
        broken="""
            SELECT move.id AS move, move.source_id, move.source_line
            FROM inventory_stockmove AS move
            WHERE move.source_type = 'sale' AND NOT EXISTS (
                SELECT FROM sales_saleline AS line
                WHERE line.sale_id = move.source_id AND line.number = move.source_line
            )
        """,
    ),
    Invariant(
        name="drawer_is_the_sum_of_its_moves",
        sentence="Expected cash is the sum of the shift's cash moves, the float first.",
        examined=_SHIFTS,
        broken="""
            SELECT totals.shift_id AS shift, totals.expected_cash,
                   coalesce(sum(move.amount), 0) AS moved
            FROM sales_shifttotals AS totals
            LEFT JOIN sales_cashmove AS move ON move.shift_id = totals.shift_id
            GROUP BY totals.shift_id
            HAVING totals.expected_cash <> coalesce(sum(move.amount), 0)
        """,
    ),
    Invariant(
        name="cash_moves_match_cash_payments",
        sentence="A sale's cash moves are its payments in tenders that count in the drawer.",
        examined=_SALES,
        broken="""
            WITH paid AS (
                SELECT payment.sale_id, sum(payment.amount) AS amount
                FROM sales_payment AS payment
                JOIN sales_tender AS tender ON tender.id = payment.tender_id AND tender.in_drawer
                GROUP BY payment.sale_id
            ), moved AS (
                SELECT sale_id, sum(amount) AS amount FROM sales_cashmove
                WHERE sale_id IS NOT NULL GROUP BY sale_id
            )
            SELECT sale.id AS sale, paid.amount AS paid, moved.amount AS moved
            FROM sales_sale AS sale
            LEFT JOIN paid ON paid.sale_id = sale.id
            LEFT JOIN moved ON moved.sale_id = sale.id
            WHERE coalesce(paid.amount, 0) <> coalesce(moved.amount, 0)
        """,
    ),
    Invariant(
        name="shift_totals_are_its_sales",
        sentence="A shift's running totals are the sums over its sales.",
        examined=_SHIFTS,
        broken="""
            WITH back AS (
                SELECT sale.shift_id, -sum(line.total) AS total
                FROM sales_saleline AS line JOIN sales_sale AS sale ON sale.id = line.sale_id
                WHERE line.quantity < 0
                GROUP BY sale.shift_id
            )
            SELECT totals.shift_id AS shift, totals.sales, totals.total,
                   count(sale.id) AS sales_found, coalesce(sum(sale.total), 0) AS total_found
            FROM sales_shifttotals AS totals
            LEFT JOIN sales_sale AS sale ON sale.shift_id = totals.shift_id
            LEFT JOIN back ON back.shift_id = totals.shift_id
            GROUP BY totals.shift_id, back.total
            HAVING (totals.sales, totals.returns, totals.net, totals.tax, totals.discount,
                    totals.total, totals.rounding, totals.returned)
                IS DISTINCT FROM
                   (count(sale.id) FILTER (WHERE sale.kind <> 'return'),
                    count(sale.id) FILTER (WHERE sale.kind <> 'sale'),
                    coalesce(sum(sale.net), 0), coalesce(sum(sale.tax), 0),
                    coalesce(sum(sale.discount), 0), coalesce(sum(sale.total), 0),
                    coalesce(sum(sale.rounding), 0), coalesce(back.total, 0))
        """,
    ),
    Invariant(
        name="shift_tenders_are_its_payments",
        sentence="What a shift took by tender is the sum of its sales' payments in it.",
        examined="SELECT count(*) FROM sales_shifttender",
        broken="""
            WITH paid AS (
                SELECT sale.shift_id, payment.tender_id,
                       sum(payment.amount) AS amount, count(*) AS payments
                FROM sales_payment AS payment
                JOIN sales_sale AS sale ON sale.id = payment.sale_id
                GROUP BY sale.shift_id, payment.tender_id
            )
            SELECT coalesce(kept.shift_id, paid.shift_id) AS shift, kept.amount, paid.amount AS paid
            FROM sales_shifttender AS kept
            FULL JOIN paid ON paid.shift_id = kept.shift_id AND paid.tender_id = kept.tender_id
            WHERE (kept.amount, kept.payments::bigint)
                  IS DISTINCT FROM (paid.amount, paid.payments)
        """,
    ),
    Invariant(
        name="returned_is_what_came_back",
        sentence="How much of a line came back is the sum of the lines that return it.",
        examined="SELECT count(*) FROM sales_returnedquantity",
        broken="""
            SELECT guard.line_id AS line, guard.sold, guard.returned,
                   coalesce(sum(back.quantity), 0) AS came_back
            FROM sales_returnedquantity AS guard
            JOIN sales_saleline AS line ON line.id = guard.line_id
            LEFT JOIN sales_saleline AS back ON back.returns_id = guard.line_id
            GROUP BY guard.line_id, line.quantity
            HAVING guard.returned <> -coalesce(sum(back.quantity), 0)
                OR guard.sold <> line.quantity
        """,
    ),
    Invariant(
        name="returns_give_back_their_share",
        sentence="What came back of a line was refunded by its share of the total, to the cent.",
        examined="SELECT count(*) FROM sales_returnedquantity WHERE returned > 0",
        broken="""
            SELECT guard.line_id AS line, line.total, sum(back.total) AS given_back
            FROM sales_returnedquantity AS guard
            JOIN sales_saleline AS line ON line.id = guard.line_id
            JOIN sales_saleline AS back ON back.returns_id = guard.line_id
            GROUP BY guard.line_id, line.id
            HAVING (guard.returned = guard.sold
                    AND (line.total, line.tax) <> (-sum(back.total), -sum(back.tax)))
                OR abs(-sum(back.total) - line.total * guard.returned / guard.sold) > 0.5
        """,
    ),
    Invariant(
        name="receipt_numbers_have_no_gap",
        sentence="Receipt numbers per register and epoch are 1 to n.",
        examined=_SALES,
        broken="""
            SELECT register_id AS register, epoch, count(*) AS sales, max(number) AS last
            FROM sales_sale
            GROUP BY register_id, epoch
            HAVING min(number) <> 1 OR max(number) <> count(*)
        """,
    ),
    Invariant(
        name="sale_is_journaled_once",
        sentence="Every sale has its record in the journal of its register.",
        examined=_SALES,
        broken="""
            SELECT sale.id AS sale, sale.receipt_number
            FROM sales_sale AS sale
            LEFT JOIN sales_journalrecord AS record
              ON record.business_id = sale.id AND record.register_id = sale.register_id
             AND record.series IN ('sale', 'return')
            GROUP BY sale.id
            HAVING count(record.id) <> 1
        """,
    ),
    Invariant(
        name="sale_has_its_attempt",
        sentence="Every sale was asked for under its id, and every posted attempt is a sale.",
        examined="SELECT count(*) FROM sales_saleattempt",
        broken="""
            SELECT coalesce(sale.id, attempt.id) AS sale, attempt.state
            FROM sales_sale AS sale
            FULL JOIN (SELECT * FROM sales_saleattempt WHERE state = 'posted') AS attempt
              ON attempt.id = sale.id
            WHERE sale.id IS NULL OR attempt.id IS NULL
               OR attempt.body_hash <> sale.body_hash
        """,
    ),
    Invariant(
        name="sale_fell_in_an_open_shift",
        sentence="Every sale of a till was made while its shift was open, at the same register.",
        examined=_SALES,
        broken="""
            SELECT sale.id AS sale, sale.shift_id AS shift
            FROM sales_sale AS sale
            JOIN sales_register AS register ON register.id = sale.register_id
            LEFT JOIN sales_shift AS shift ON shift.id = sale.shift_id
            WHERE register.kind = 'till' AND (
                shift.id IS NULL OR shift.register_id <> sale.register_id
                OR sale.recorded_at < shift.opened_at - interval '1 second'
                OR sale.recorded_at > shift.closed_at
            )
        """,
    ),
    Invariant(
        name="document_keeps_one_currency",
        sentence="A sale is in the currency of its store.",
        examined=_SALES,
        broken="""
            SELECT sale.id AS sale, sale.currency, store.currency AS stores
            FROM sales_sale AS sale JOIN people_store AS store ON store.id = sale.store_id
            WHERE sale.currency <> store.currency
        """,
    ),
    Invariant(
        name="drawer_openings_are_counted",
        sentence="A shift counts every time that its drawer was opened without a sale.",
        examined="SELECT count(*) FROM sales_shifttotals",
        broken="""
            SELECT totals.shift_id AS shift, totals.openings, count(opening.id) AS found
            FROM sales_shifttotals AS totals
            LEFT JOIN sales_draweropening AS opening ON opening.shift_id = totals.shift_id
            GROUP BY totals.shift_id
            HAVING totals.openings <> count(opening.id)
        """,
    ),
    Invariant(
        name="product_days_are_their_lines",
        sentence="What a store sold of a product in a day is the sum of that day's lines.",
        examined="SELECT count(*) FROM sales_productday",
        broken="""
            WITH sold AS (
                SELECT sale.store_id, line.product_id, sale.business_day,
                       coalesce(sum(line.quantity) FILTER (WHERE line.quantity > 0), 0) AS sold,
                       coalesce(-sum(line.quantity) FILTER (WHERE line.quantity < 0), 0)
                           AS returned,
                       sum(line.net) AS net, sum(line.tax) AS tax,
                       sum(line.discount) AS discount, sum(line.total) AS total,
                       sum(line.cost * line.quantity) AS cost
                FROM sales_saleline AS line JOIN sales_sale AS sale ON sale.id = line.sale_id
                WHERE line.product_id IS NOT NULL
                GROUP BY 1, 2, 3
            )
            SELECT coalesce(kept.store_id, sold.store_id) AS store,
                   coalesce(kept.product_id, sold.product_id) AS product,
                   coalesce(kept.business_day, sold.business_day) AS day,
                   kept.total, sold.total AS total_found
            FROM sales_productday AS kept
            FULL JOIN sold USING (store_id, product_id, business_day)
            WHERE (kept.sold, kept.returned, kept.net, kept.tax, kept.discount, kept.total,
                   kept.cost)
                IS DISTINCT FROM
                  (sold.sold, sold.returned, sold.net, sold.tax, sold.discount, sold.total,
                   sold.cost)
        """,
    ),
    Invariant(
        name="register_days_are_their_sales",
        sentence="What a register took in a day is the sum of that day's sales.",
        examined="SELECT count(*) FROM sales_registerday",
        broken="""
            WITH took AS (
                SELECT register_id, business_day,
                       count(*) FILTER (WHERE kind <> 'return') AS sales,
                       count(*) FILTER (WHERE kind = 'return') AS returns,
                       sum(net) AS net, sum(tax) AS tax, sum(discount) AS discount,
                       sum(total) AS total, sum(payable) AS payable,
                       coalesce(-sum(payable) FILTER (WHERE kind = 'return'), 0) AS refunded
                FROM sales_sale GROUP BY 1, 2
            )
            SELECT coalesce(kept.register_id, took.register_id) AS register,
                   coalesce(kept.business_day, took.business_day) AS day,
                   kept.payable, took.payable AS payable_found
            FROM sales_registerday AS kept FULL JOIN took USING (register_id, business_day)
            WHERE (kept.sales, kept.returns, kept.net, kept.tax, kept.discount, kept.total,
                   kept.payable, kept.refunded)
                IS DISTINCT FROM
                  (took.sales, took.returns, took.net, took.tax, took.discount, took.total,
                   took.payable, took.refunded)
        """,
    ),
]
